<?php
// What every client here does, with the xmlrpc extension: HOST PORT USER PASSWORD.
[, $host, $port, $user, $password] = $argv;

// A plain stream speaks HTTP/1.0 and waits for the end of the connection.
function ask(string $method, ...$params) {
    global $host, $port, $user, $password;
    $context = stream_context_create(['http' => [
        'method' => 'POST',
        'header' => "Content-Type: text/xml\r\nAuthorization: Basic " . base64_encode("$user:$password"),
        'content' => xmlrpc_encode_request($method, $params, ['encoding' => 'utf-8', 'escaping' => 'markup']),
        'timeout' => 20,
    ]]);
    $answer = file_get_contents("http://$host:$port/RPC2", false, $context);
    if ($answer === false) {
        exit("no answer\n");
    }
    return xmlrpc_decode($answer, 'utf-8');
}

function word(bool $flag): string {
    return $flag ? 'True' : 'False';
}

echo 'state ', ask('supervisor.getState')['statename'], "\n";
foreach (ask('supervisor.getAllProcessInfo') as $info) {
    echo "process $info[group] $info[name] $info[statename] ", word($info['pid'] > 0), "\n";
}
echo 'stop ', word(ask('supervisor.stopProcess', 'cat')), "\n";
echo 'start ', word(ask('supervisor.startProcess', 'cat', true)), "\n";
$fault = ask('supervisor.startProcess', 'nobody');
if (is_array($fault) && xmlrpc_is_fault($fault)) {
    echo "fault $fault[faultCode] $fault[faultString]\n";
}
echo 'text ', ask('supervisor.getProcessInfo', 'café')['name'], "\n";
echo 'stdin ', word(ask('supervisor.sendProcessStdin', 'cat', "é€😀 <&>\n")), "\n";
$calls = [['supervisor.getVersion', []], ['supervisor.getState', []], ['supervisor.getProcessInfo', ['nobody']]];
$calls = array_map(fn($call) => ['methodName' => $call[0], 'params' => $call[1]], $calls);
[$version, $state, $wrong] = ask('system.multicall', $calls);
echo "multicall $version $state[statename] $wrong[faultCode]\n";
