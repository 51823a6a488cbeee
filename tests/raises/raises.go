// Panics: README.md in this folder says when.
package main

import (
	"fmt"
	"unsafe"
)

// The number of this case in wit/types.wit.
const wasm uint32 = 2

//go:wasmimport solti:metrics/backend@0.1.0 record-task-started
func recordTaskStarted(runner uint32)

var records int

//go:wasmexport wasi:cli/run@0.2.0#run
func run() (failed bool) {
	recordTaskStarted(wasm)
	panic("boom in the middle")
}

//go:wasmexport solti:metrics/backend@0.1.0#record-task-started
func taskStarted(_ uint32) { count() }

//go:wasmexport solti:metrics/backend@0.1.0#record-task-completed
func taskCompleted(_, _ uint32, _ uint64) { count() }

//go:wasmexport solti:metrics/backend@0.1.0#record-runner-error
func runnerError(_, _ uint32) { count() }

func count() {
	records++
	if records == 3 {
		panic(fmt.Sprintf("boom at record %d", records))
	}
}

// A component has no main, and the compiler requires one.
func main() {}

// guest/examples/reporter.go says why.
var (
	adapterPages [3 << 16]byte
	adapterUsed  uintptr
)

//go:nosplit
//go:wasmexport cabi_realloc
func cabiRealloc(_ unsafe.Pointer, _, align, size uintptr) unsafe.Pointer {
	start := uintptr(unsafe.Pointer(&adapterPages))
	at := (start + adapterUsed + align - 1) &^ (align - 1)
	adapterUsed = at + size - start
	return unsafe.Pointer(&adapterPages[at-start])
}
