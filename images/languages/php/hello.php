<?php

declare(strict_types=1);

echo "Hello, world!\n";
echo 'This is PHP ', PHP_VERSION, ", in a fresh container.\n";

foreach ([3, 2, 1] as $number) {
    echo "$number... ";
    usleep(200_000);
}
echo "go: change me and press Run.\n";
