<?php
/*
 * What the test is told: JSON lines on file descriptor 3, since standard output belongs to workerman. JSON has no bytes,
 * so a string that is not UTF-8 travels as {"base64": "…"}, in both directions.
 */
declare(strict_types=1);

function report(array $line): void
{
    static $out;
    $out ??= fopen('php://fd/3', 'w');
    fwrite($out, to_json($line) . "\n");
}

function to_json(mixed $value): string
{
    return json_encode(
        readable($value),
        JSON_THROW_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES
    );
}

function from_json(string $json): mixed
{
    return binary(json_decode($json, true, 64, JSON_THROW_ON_ERROR));
}

/** How a call ended. `php` is the result to the last type: serialized, in base64. */
function outcome(callable $call): array
{
    try {
        $result = $call();
        return ['result' => $result, 'php' => base64_encode(serialize($result))];
    } catch (Throwable $error) {
        return ['error' => ['name' => $error::class, 'message' => $error->getMessage()]];
    }
}

function readable(mixed $value): mixed
{
    if (is_array($value)) {
        return array_map('readable', $value);
    }
    return is_string($value) && !preg_match('//u', $value) ? ['base64' => base64_encode($value)] : $value;
}

function binary(mixed $value): mixed
{
    if (!is_array($value)) {
        return $value;
    }
    return array_keys($value) === ['base64'] ? base64_decode($value['base64']) : array_map('binary', $value);
}
