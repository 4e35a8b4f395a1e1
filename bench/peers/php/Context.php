<?php

namespace Workerman\Coroutine;

/** What Workerman calls of its package for coroutines where there are none: nothing is kept, so nothing is let go. */
final class Context
{
    public static function destroy(): void
    {
    }
}
