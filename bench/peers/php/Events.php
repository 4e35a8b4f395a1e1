<?php

use GatewayWorker\Lib\Gateway;

/** See load/messages.ts for the kinds of messages. */
final class Events
{
    public static function onMessage(string $clientId, string $message): void
    {
        switch ($message[0]) {
            case 'a':
                Gateway::sendToAll($message);
                return;
            case 'g':
                Gateway::sendToGroup(explode(' ', $message, 3)[1], $message);
                return;
            case 'u':
                Gateway::sendToUid(explode(' ', $message, 3)[1], $message);
                return;
            case 'b':
                Gateway::bindUid($clientId, explode(' ', $message, 3)[1]);
                break;
            case 'j':
                foreach (explode(' ', substr($message, 2, strpos($message, ' .') - 2)) as $group) {
                    Gateway::joinGroup($clientId, $group);
                }
                break;
            case 's':
                $_SESSION['name'] = implode(' ', array_slice(explode(' ', $message, 4), 0, 3));
                break;
        }
        Gateway::sendToCurrentClient($message);
    }
}
