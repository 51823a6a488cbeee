// Counts the lines of a text on standard input, and records this work as a task.
package main

import (
	"bufio"
	"fmt"
	"os"
	"time"
)

//go:wasmimport solti:metrics/backend@0.1.0 record-task-started
func recordTaskStarted(runner runnerType)

//go:wasmimport solti:metrics/backend@0.1.0 record-task-completed
func recordTaskCompleted(runner runnerType, outcome taskOutcome, durationMs uint64)

//go:wasmimport solti:metrics/backend@0.1.0 record-runner-error
func recordRunnerError(runner runnerType, kind runnerErrorKind)

//go:wasmexport wasi:cli/run@0.2.0#run
func run() (failed bool) {
	recordTaskStarted(wasm)
	started := time.Now()
	err := work()
	outcome := success
	if err != nil {
		outcome = failure
		fmt.Fprintln(os.Stderr, err)
	}
	recordTaskCompleted(wasm, outcome, uint64(time.Since(started).Milliseconds()))
	return err != nil
}

// work is the task. Put your code here.
func work() error {
	lines := 0
	scanner := bufio.NewScanner(os.Stdin)
	for scanner.Scan() {
		lines++
	}
	fmt.Println(lines, "lines")
	return scanner.Err()
}
