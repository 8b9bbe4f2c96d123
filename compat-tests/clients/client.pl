# What every client here does, with RPC::XML: HOST PORT USER PASSWORD.
use strict;
use warnings;
use utf8;
use RPC::XML;
use RPC::XML::Client;

binmode(STDOUT, ':utf8');
$RPC::XML::ENCODING = 'utf-8';
my ($host, $port, $user, $password) = @ARGV;
my $client = RPC::XML::Client->new("http://$host:$port/RPC2");
# Sent when the server asks for it.
$client->credentials('default', $user, $password);

sub ask {
    my $answer = $client->send_request(@_);
    die "no answer: $answer\n" unless ref $answer;
    return $answer;
}

sub word { return $_[0] ? 'True' : 'False' }

print 'state ', ask('supervisor.getState')->value->{statename}, "\n";
for my $info (@{ask('supervisor.getAllProcessInfo')->value}) {
    print join(' ', 'process', @$info{qw(group name statename)}, word($info->{pid} > 0)), "\n";
}
print 'stop ', word(ask('supervisor.stopProcess', RPC::XML::string->new('cat'))->value), "\n";
print 'start ', word(ask('supervisor.startProcess', 'cat', RPC::XML::boolean->new(1))->value), "\n";
my $fault = ask('supervisor.startProcess', 'nobody');
print 'fault ', $fault->code, ' ', $fault->string, "\n" if $fault->is_fault;
print 'text ', ask('supervisor.getProcessInfo', RPC::XML::string->new('café'))->value->{name}, "\n";
print 'stdin ', word(ask('supervisor.sendProcessStdin', 'cat', RPC::XML::string->new("é€😀 <&>\n"))->value), "\n";
my @calls = map { { methodName => $_->[0], params => [@$_[1 .. $#$_]] } }
    (['supervisor.getVersion'], ['supervisor.getState'], ['supervisor.getProcessInfo', 'nobody']);
my ($version, $state, $wrong) = @{ask('system.multicall', \@calls)->value};
print "multicall $version $state->{statename} $wrong->{faultCode}\n";
