// Counts the records that it receives, and exposes the counts.
package main

import (
	"fmt"
	"unsafe"
)

var started, completed, errors uint64

//go:wasmexport solti:metrics/backend@0.1.0#record-task-started
func recordTaskStarted(runner runnerType) {
	started++
}

//go:wasmexport solti:metrics/backend@0.1.0#record-task-completed
func recordTaskCompleted(runner runnerType, outcome taskOutcome, durationMs uint64) {
	completed++
}

//go:wasmexport solti:metrics/backend@0.1.0#record-runner-error
func recordRunnerError(runner runnerType, kind runnerErrorKind) {
	errors++
}

// The host reads the string at this address before its next call. An address has 32 bits
// in WebAssembly, and a uintptr in Go has 64.
var (
	text    string
	exposed struct{ at, length uint32 }
)

//go:wasmexport solti:metrics/exposition@0.1.0#expose
func expose() unsafe.Pointer {
	text = fmt.Sprintf(`# TYPE tasks_started counter
tasks_started_total %d
# TYPE tasks_completed counter
tasks_completed_total %d
# TYPE runner_errors counter
runner_errors_total %d
# EOF
`, started, completed, errors)
	exposed.at = uint32(uintptr(unsafe.Pointer(unsafe.StringData(text))))
	exposed.length = uint32(len(text))
	return unsafe.Pointer(&exposed)
}
