<?php
/* Says which calls the PHP packages have, and which commands the gateway knows: they differ from version to version. */
declare(strict_types=1);

require_once __DIR__ . '/autoload.php';

echo json_encode([
    'client' => get_class_methods('GatewayClient\Gateway'),
    'worker' => get_class_methods('GatewayWorker\Lib\Gateway'),
    'workerman' => (int)Workerman\Worker::VERSION,
    'version' => defined('GatewayWorker\Gateway::VERSION') ? GatewayWorker\Gateway::VERSION : null,
    'commands' => array_keys((new ReflectionClass('GatewayWorker\Protocols\GatewayProtocol'))->getConstants()),
]);
