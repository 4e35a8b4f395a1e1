<?php
/*
 * A program that uses GatewayClient, as a web site does: reads a call per line from standard input, {"call", "args"}, and
 * reports its outcome. php client.php '{"class", "register", "secretKey", "persistent"}'
 */
declare(strict_types=1);

require_once __DIR__ . '/autoload.php';
require_once __DIR__ . '/report.php';

$settings = json_decode($argv[1], true, 8, JSON_THROW_ON_ERROR);
/** @var class-string $gateway GatewayClient\Gateway, or the class that comes with GatewayWorker */
$gateway = $settings['class'];
// the first versions take one address, and no list
$registers = $settings['register'];
$gateway::$registerAddress = count($registers) === 1 ? $registers[0] : $registers;
$gateway::$secretKey = $settings['secretKey'];
$gateway::$persistentConnection = $settings['persistent'];
if (property_exists($gateway, 'addressesCacheDisable')) {
    $gateway::$addressesCacheDisable = true;
}

while (($line = fgets(STDIN)) !== false) {
    $request = from_json($line);
    report(outcome(static fn () => $gateway::{$request['call']}(...$request['args'])));
}
