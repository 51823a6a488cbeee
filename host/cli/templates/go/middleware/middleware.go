// Changes the runner type wasm of each record to container, and forwards every record.
package main

//go:wasmimport solti:metrics/backend@0.1.0 record-task-started
func nextTaskStarted(runner runnerType)

//go:wasmimport solti:metrics/backend@0.1.0 record-task-completed
func nextTaskCompleted(runner runnerType, outcome taskOutcome, durationMs uint64)

//go:wasmimport solti:metrics/backend@0.1.0 record-runner-error
func nextRunnerError(runner runnerType, kind runnerErrorKind)

//go:wasmexport solti:metrics/backend@0.1.0#record-task-started
func recordTaskStarted(runner runnerType) {
	nextTaskStarted(renamed(runner))
}

//go:wasmexport solti:metrics/backend@0.1.0#record-task-completed
func recordTaskCompleted(runner runnerType, outcome taskOutcome, durationMs uint64) {
	nextTaskCompleted(renamed(runner), outcome, durationMs)
}

//go:wasmexport solti:metrics/backend@0.1.0#record-runner-error
func recordRunnerError(runner runnerType, kind runnerErrorKind) {
	nextRunnerError(renamed(runner), kind)
}

func renamed(runner runnerType) runnerType {
	if runner == wasm {
		return container
	}
	return runner
}
