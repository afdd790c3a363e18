package main

import (
	"fmt"
	"runtime"
	"time"
)

func main() {
	fmt.Println("Hello, world!")
	fmt.Printf("This is %s, in a fresh container.\n", runtime.Version())

	ticks := make(chan int)
	go func() {
		defer close(ticks)
		for number := 3; number > 0; number-- {
			ticks <- number
			time.Sleep(200 * time.Millisecond)
		}
	}()
	for number := range ticks {
		fmt.Printf("%d... ", number)
	}
	fmt.Println("go: change me and press Run.")
}
