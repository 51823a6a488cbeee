package main

// The enums of wit/deps/solti-metrics/types.wit. Each case is a number.
type (
	runnerType      uint32
	taskOutcome     uint32
	runnerErrorKind uint32
)

const (
	subprocess runnerType = iota
	container
	wasm
)

const (
	success taskOutcome = iota
	failure
	canceled
	timeout
)

const (
	cgroupPrepareFailed runnerErrorKind = iota
	backendConfigFailed
	spawnFailed
	moduleLoadFailed
)
