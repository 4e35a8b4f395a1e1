<?php
declare(strict_types=1);

namespace Workerman\Coroutine;

/** Stands in for the class of workerman/coroutine where that package is not checked out. */
class Context
{
    public static function destroy(): void
    {
    }
}
