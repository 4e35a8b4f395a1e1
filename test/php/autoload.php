<?php
/*
 * Loads the PHP GatewayWorker that the environment variable GATEWAYWORKER_PHP names: a folder with composer's
 * vendor/autoload.php, or one that holds checkouts of the packages, whatever they are called there.
 */
declare(strict_types=1);

(static function (string $folder): void {
    if (is_file("$folder/vendor/autoload.php")) {
        require "$folder/vendor/autoload.php";
        return;
    }
    $roots = [];
    foreach (glob("$folder/*/composer.json") as $file) {
        $package = json_decode(file_get_contents($file), true);
        foreach ($package['autoload']['psr-4'] ?? [] as $namespace => $path) {
            $roots[$namespace] = dirname($file) . '/' . trim($path, './');
        }
    }
    spl_autoload_register(static function (string $class) use ($roots): void {
        foreach ($roots as $namespace => $root) {
            $file = $root . '/' . strtr(substr($class, strlen($namespace)), '\\', '/') . '.php';
            if (str_starts_with($class, $namespace) && is_file($file)) {
                require_once $file;
                return;
            }
        }
        // workerman 5 wants a package for coroutines; without coroutines there is nothing that it could clear away
        if ($class === 'Workerman\Coroutine\Context') {
            require_once __DIR__ . '/coroutine-context.php';
        }
    });
})(getenv('GATEWAYWORKER_PHP') ?: exit('Set GATEWAYWORKER_PHP to the folder of the PHP GatewayWorker.' . PHP_EOL));
