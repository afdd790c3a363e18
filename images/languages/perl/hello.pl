use strict;
use warnings;

$| = 1;

print "Hello, world!\n";
printf "This is Perl %vd, in a fresh container.\n", $^V;

for my $number (reverse 1 .. 3) {
    print "$number... ";
    select undef, undef, undef, 0.2;
}
print "go: change me and press Run.\n";
