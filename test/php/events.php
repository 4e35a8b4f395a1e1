<?php
declare(strict_types=1);

use GatewayWorker\Lib\Gateway;

/**
 * The PHP twin of test/fixtures/events/api: a websocket client sends {"call", "args"} and gets {"result"} or {"error"}; any
 * other message is echoed. A call is one of Gateway's, one of the session's, or one of those in answer().
 */
class Events
{
    /** What happened to clients other than requests, in order. */
    private static array $happened = [];
    /** The clients that are gone, as keys, and by client id those who wait for others to go. */
    private static array $gone = [];
    private static array $waiting = [];

    public static function onConnect(string $id): void
    {
        self::note(['event' => 'onConnect'] + self::describe($id));
    }

    public static function onWebSocketConnect(string $id, array $data): void
    {
        self::note(['event' => 'onWebSocketConnect', 'id' => $id, 'data' => $data]);
    }

    public static function onMessage(string $id, string $message): void
    {
        if (!str_starts_with($message, '{')) {
            Gateway::sendToCurrentClient($message);
            return;
        }
        $request = from_json($message);
        $args = $request['args'] ?? [];
        if ($request['call'] === 'untilClosed' && !isset(self::$gone[$args[0]])) {
            self::$waiting[$args[0]] = $id;
            return;
        }
        Gateway::sendToClient($id, to_json(outcome(static fn () => self::answer($id, $request['call'], $args))));
    }

    public static function onClose(string $id): void
    {
        self::note(['event' => 'onClose'] + self::describe($id) + ['session' => $_SESSION]);
        self::$gone[$id] = true;
        if (isset(self::$waiting[$id])) {
            Gateway::sendToClient(self::$waiting[$id], to_json(outcome(static fn () => true)));
        }
    }

    private static function answer(string $id, string $call, array $args): mixed
    {
        switch ($call) {
            case 'describe':
                return self::describe($id);
            case 'happened':
                return self::$happened;
            case 'untilClosed':
                return true;
            case 'session':
                return $_SESSION;
            case 'session.assign':
                return $_SESSION = array_replace($_SESSION ?? [], $args[0]);
            case 'session.delete':
                unset($_SESSION[$args[0]]);
                return true;
            case 'session.replace':
                $_SESSION = $args[0];
                return null;
            default:
                return Gateway::$call(...$args);
        }
    }

    private static function describe(string $id): array
    {
        return [
            'id' => $id,
            'remoteAddress' => $_SERVER['REMOTE_ADDR'],
            'remotePort' => $_SERVER['REMOTE_PORT'],
            'gatewayPort' => $_SERVER['GATEWAY_PORT'],
        ];
    }

    private static function note(array $event): void
    {
        self::$happened[] = $event;
        report($event);
    }
}
