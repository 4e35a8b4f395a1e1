<?php

/*
 * Finds GatewayWorker: what composer installed in GATEWAYWORKER_PHP, or else its sources there and Workerman's in
 * WORKERMAN_PHP.
 */

$vendor = getenv('GATEWAYWORKER_PHP') . '/vendor/autoload.php';
if (is_file($vendor)) {
    require $vendor;
    return;
}

spl_autoload_register(static function (string $class): void {
    foreach (['GatewayWorker\\' => 'GATEWAYWORKER_PHP', 'Workerman\\' => 'WORKERMAN_PHP'] as $prefix => $variable) {
        $file = getenv($variable) . '/src/' . strtr(substr($class, strlen($prefix)), '\\', '/') . '.php';
        if (str_starts_with($class, $prefix) && is_file($file)) {
            require $file;
            return;
        }
    }
});

/* Comes with composer's workerman/coroutine; without coroutines nothing of it is used but this. */
if (!class_exists(Workerman\Coroutine\Context::class)) {
    require __DIR__ . '/Context.php';
}
