<?php

/*
 * PHP GatewayWorker as its own documentation sets it up: Register, Gateway and BusinessWorker, as many processes of the
 * last two as there are cores. `php start.php start`; what differs from run to run is in the environment variable BENCH.
 */

use GatewayWorker\BusinessWorker;
use GatewayWorker\Gateway;
use GatewayWorker\Register;
use Workerman\Worker;

require __DIR__ . '/autoload.php';
require __DIR__ . '/Events.php';

$bench = json_decode(getenv('BENCH'));

Worker::$pidFile = "$bench->folder/workerman.pid";
Worker::$logFile = "$bench->folder/workerman.log";

new Register("text://127.0.0.1:$bench->registerPort");

$context = $bench->tls ? ['ssl' => ['local_cert' => $bench->tls->cert, 'local_pk' => $bench->tls->key]] : [];
$gateway = new Gateway("websocket://127.0.0.1:$bench->port", $context);
if ($bench->tls) {
    $gateway->transport = 'ssl';
}
$gateway->name = 'Gateway';
$gateway->count = $bench->cores;
$gateway->lanIp = '127.0.0.1';
$gateway->startPort = $bench->startPort;
$gateway->registerAddress = "127.0.0.1:$bench->registerPort";

$worker = new BusinessWorker();
$worker->name = 'BusinessWorker';
$worker->count = $bench->cores;
$worker->registerAddress = "127.0.0.1:$bench->registerPort";
$worker->eventHandler = Events::class;

Worker::runAll();
