# What every client here does, with xmlrpc/client: HOST PORT USER PASSWORD.
require 'xmlrpc/client'

host, port, user, password = ARGV
client = XMLRPC::Client.new(host, '/RPC2', port.to_i, nil, nil, user, password)
word = ->(flag) { flag ? 'True' : 'False' }

puts "state #{client.call('supervisor.getState')['statename']}"
client.call('supervisor.getAllProcessInfo').each do |info|
  puts "process #{info['group']} #{info['name']} #{info['statename']} #{word.(info['pid'] > 0)}"
end
puts "stop #{word.(client.call('supervisor.stopProcess', 'cat'))}"
puts "start #{word.(client.call('supervisor.startProcess', 'cat', true))}"
begin
  client.call('supervisor.startProcess', 'nobody')
rescue XMLRPC::FaultException => e
  puts "fault #{e.faultCode} #{e.faultString}"
end
puts "text #{client.call('supervisor.getProcessInfo', 'café')['name']}"
puts "stdin #{word.(client.call('supervisor.sendProcessStdin', 'cat', "é€😀 <&>\n"))}"
calls = [['supervisor.getVersion'], ['supervisor.getState'], ['supervisor.getProcessInfo', 'nobody']]
calls = calls.map { |name, *params| { 'methodName' => name, 'params' => params } }
version, state, wrong = client.call('system.multicall', calls)
puts "multicall #{version} #{state['statename']} #{wrong['faultCode']}"
