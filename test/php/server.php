<?php
/*
 * One part of a PHP cluster in a process of its own: php server.php start '{"role": "register" | "gateway" | "worker", …}'.
 * It ends when its standard input does, so that it never outlives the test.
 */
declare(strict_types=1);

use GatewayWorker\BusinessWorker;
use GatewayWorker\Gateway;
use GatewayWorker\Register;
use Workerman\Worker;

require_once __DIR__ . '/autoload.php';
require_once __DIR__ . '/report.php';
require_once __DIR__ . '/events.php';

/** A BusinessWorker that says which gateways it is connected to. */
class ReportingWorker extends BusinessWorker
{
    public function onConnectGateway($connection)
    {
        parent::onConnectGateway($connection);
        report(['event' => 'gatewayUp', 'address' => $connection->remoteAddr]);
    }

    public function onGatewayClose($connection)
    {
        parent::onGatewayClose($connection);
        report(['event' => 'gatewayDown', 'address' => $connection->remoteAddr]);
    }
}

function start_register(): Worker
{
    $port = free_port();
    $register = new Register("text://127.0.0.1:$port");
    $register->onWorkerStart = static fn () => ready("127.0.0.1:$port");
    return $register;
}

function start_gateway(array $settings): Worker
{
    $port = free_port();
    $gateway = new Gateway("websocket://127.0.0.1:$port");
    $gateway->name = 'gateway';
    $gateway->lanIp = '127.0.0.1';
    $gateway->startPort = free_port();
    $gateway->registerAddress = $settings['register'];
    $gateway->onBusinessWorkerConnected = static fn ($worker) => report(['event' => 'workerUp', 'key' => $worker->key]);
    $gateway->onBusinessWorkerClose = static fn ($worker) => report(['event' => 'workerDown', 'key' => $worker->key]);
    $gateway->onWorkerStart = static fn () => ready("127.0.0.1:$gateway->lanPort", "ws://127.0.0.1:$port");
    return $gateway;
}

function start_worker(array $settings): Worker
{
    $worker = new ReportingWorker();
    $worker->name = $settings['name'];
    $worker->registerAddress = $settings['register'];
    $worker->eventHandler = 'Events';
    $worker->onWorkerStart = static fn () => ready($settings['name']);
    return $worker;
}

/** The part works: its ports listen, and it has asked the Register. */
function ready(string $address, ?string $url = null): void
{
    Worker::getEventLoop()->onReadable(STDIN, static function (): void {
        if (fread(STDIN, 1024) === '') {
            Worker::getEventLoop()->offReadable(STDIN);
            // first the master process, which would start another worker, and would end this one only after a second
            posix_kill(posix_getppid(), SIGINT);
            Worker::stopAll();
        }
    });
    report(['event' => 'ready', 'address' => $address, 'url' => $url]);
}

/** GatewayWorker has to be told its ports. This one was free a moment ago. */
function free_port(): int
{
    $server = stream_socket_server('tcp://127.0.0.1:0');
    $address = stream_socket_get_name($server, false);
    fclose($server);
    return (int)substr($address, strlen('127.0.0.1:'));
}

$settings = json_decode($argv[2], true, 8, JSON_THROW_ON_ERROR);
Worker::$pidFile = "{$settings['folder']}/workerman.pid";
Worker::$statusFile = "{$settings['folder']}/workerman.status";
Worker::$logFile = "{$settings['folder']}/workerman.log";
$part = match ($settings['role']) {
    'register' => start_register(),
    'gateway' => start_gateway($settings),
    'worker' => start_worker($settings),
};
$part->secretKey = $settings['secretKey'];
Worker::runAll();
