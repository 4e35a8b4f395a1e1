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

/** A Gateway that says which workers are connected to it. */
class ReportingGateway extends Gateway
{
    private const WORKER_CONNECT = 200;

    public function onWorkerMessage($connection, $data)
    {
        parent::onWorkerMessage($connection, $data);
        if ($data['cmd'] === self::WORKER_CONNECT && !empty($connection->authorized)) {
            report(['event' => 'workerUp', 'key' => $connection->key]);
        }
    }

    public function onWorkerClose($connection)
    {
        parent::onWorkerClose($connection);
        if (isset($connection->key)) {
            report(['event' => 'workerDown', 'key' => $connection->key]);
        }
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
    $gateway = new ReportingGateway("websocket://127.0.0.1:$port");
    $gateway->name = 'gateway';
    $gateway->lanIp = '127.0.0.1';
    $gateway->startPort = free_port();
    $gateway->registerAddress = registers($settings['register']);
    $gateway->onWorkerStart = static fn () => ready("127.0.0.1:$gateway->lanPort", "ws://127.0.0.1:$port");
    return $gateway;
}

function start_worker(array $settings): Worker
{
    $worker = new ReportingWorker();
    $worker->name = $settings['name'];
    $worker->registerAddress = registers($settings['register']);
    $worker->eventHandler = 'Events';
    $worker->onWorkerStart = static fn () => ready($settings['name']);
    return $worker;
}

/** The first versions take one address, and no list. */
function registers(array $addresses): array|string
{
    return count($addresses) === 1 ? $addresses[0] : $addresses;
}

/** The part works: its ports listen, and it has asked the Register. */
function ready(string $address, ?string $url = null): void
{
    on_readable(STDIN, static function (callable $forget): void {
        if (fread(STDIN, 1024) === '') {
            $forget();
            // first the master process, which would start another worker, and would end this one only after a second
            posix_kill(posix_getppid(), SIGINT);
            Worker::stopAll();
        }
    });
    report(['event' => 'ready', 'address' => $address, 'url' => $url]);
}

/** workerman 5 has names for what its event loops do, and those before it one call for all. */
function on_readable($stream, callable $then): void
{
    $loop = Worker::getEventLoop();
    if (method_exists($loop, 'onReadable')) {
        $loop->onReadable($stream, static fn () => $then(static fn () => $loop->offReadable($stream)));
        return;
    }
    $read = 1;
    $loop->add($stream, $read, static fn () => $then(static fn () => $loop->del($stream, $read)));
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
if (property_exists(Worker::class, 'statusFile')) {
    Worker::$statusFile = "{$settings['folder']}/workerman.status";
}
Worker::$logFile = "{$settings['folder']}/workerman.log";
$part = match ($settings['role']) {
    'register' => start_register(),
    'gateway' => start_gateway($settings),
    'worker' => start_worker($settings),
};
$part->secretKey = $settings['secretKey'];
Worker::runAll();
