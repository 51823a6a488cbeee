// Adds records up, and exposes totals through the host. README.md in this folder
// defines its behavior; other files have it in other languages.
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o provider.core.wasm provider.go
//	wasm-tools component embed provider/wit --world provider provider.core.wasm -o provider.core.wasm
//	wasm-tools component new provider.core.wasm --adapt wasi_snapshot_preview1.reactor.wasm -o provider.wasm
//	solti-metrics run --backend provider.wasm GUEST
//
// Each release of wasmtime contains the adapter.
package main

import (
	"bytes"
	"fmt"
	"unsafe"
)

// The cases of the enums in wit/types.wit, as numbers.
type (
	runnerType      uint32
	taskOutcome     uint32
	runnerErrorKind uint32
)

// The labels of these cases.
var (
	runners  = [...]string{"subprocess", "container", "wasm"}
	outcomes = [...]string{"success", "failure", "canceled", "timeout"}
	steps    = [...]string{
		"cgroup_prepare_failed", "backend_config_failed", "spawn_failed", "module_load_failed",
	}
)

// A duration is in the first bucket whose bound it does not exceed, or in the last bucket.
var bounds = [...]struct {
	mostMs uint64
	le     string
}{
	{10, "0.01"}, {25, "0.025"}, {50, "0.05"}, {100, "0.1"}, {250, "0.25"},
	{500, "0.5"}, {1_000, "1.0"}, {2_500, "2.5"}, {5_000, "5.0"}, {10_000, "10.0"},
	{30_000, "30.0"}, {60_000, "60.0"}, {300_000, "300.0"}, {1_800_000, "1800.0"},
	{3_600_000, "3600.0"},
}

type histogram struct {
	buckets      [len(bounds) + 1]uint64
	count, sumMs uint64
}

var (
	started   [len(runners)]uint64
	durations [len(runners)][len(outcomes)]histogram
	errors    [len(runners)][len(steps)]uint64
)

// The number of records, now and at the last flush.
var records struct{ started, completed, errors, flushed uint64 }

// The adapter needs memory inside this program. It requests two pages of 64 KiB before
// its first call returns, when Go cannot allocate yet. The array has a third page, which
// leaves space for the alignment of both requests. Without this function, the adapter
// would grow the memory, and Go's runtime treats grown memory as its own.
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

//go:wasmexport solti:metrics/backend@0.1.0#record-task-started
func recordTaskStarted(runner runnerType) {
	started[runner]++
	records.started++
}

//go:wasmexport solti:metrics/backend@0.1.0#record-task-completed
func recordTaskCompleted(runner runnerType, outcome taskOutcome, durationMs uint64) {
	of := &durations[runner][outcome]
	bucket := 0
	for bucket < len(bounds) && durationMs > bounds[bucket].mostMs {
		bucket++
	}
	of.buckets[bucket]++
	of.count++
	of.sumMs += durationMs
	records.completed++
}

//go:wasmexport solti:metrics/backend@0.1.0#record-runner-error
func recordRunnerError(runner runnerType, kind runnerErrorKind) {
	errors[runner][kind]++
	records.errors++
}

// Results in memory: the host reads them at this address, before its next call. An
// address has 32 bits in WebAssembly, and a uintptr in Go has 64.
var (
	text     bytes.Buffer
	textIs   struct{ at, length uint32 }
	noErrors struct{ isErr, at, length uint32 }
)

//go:wasmexport solti:metrics/exposition@0.1.0#expose
func expose() unsafe.Pointer {
	text.Reset()
	exposeStarted()
	exposeCompleted()
	exposeDurations()
	exposeErrors()
	text.WriteString("# EOF\n")
	textIs.at = uint32(uintptr(unsafe.Pointer(unsafe.SliceData(text.Bytes()))))
	textIs.length = uint32(text.Len())
	return unsafe.Pointer(&textIs)
}

//go:wasmexport solti:metrics/lifecycle@0.1.0#flush
func flush() unsafe.Pointer {
	all := records.started + records.completed + records.errors
	if all > records.flushed {
		records.flushed = all
		fmt.Printf("started=%d completed=%d errors=%d\n",
			records.started, records.completed, records.errors)
	}
	return unsafe.Pointer(&noErrors)
}

// The host calls the exports of the component. The compiler requires a main.
func main() {}

func exposeStarted() {
	metric("tasks_started", "counter", "Tasks that started to execute, by runner type.")
	for i, runner := range runners {
		fmt.Fprintf(&text, "solti_runner_tasks_started_total{runner=%q} %d\n", runner, started[i])
	}
}

func exposeCompleted() {
	metric("tasks_completed", "counter", "Tasks that ended, by runner type and outcome.")
	for i, runner := range runners {
		for j, outcome := range outcomes {
			fmt.Fprintf(&text, "solti_runner_tasks_completed_total{runner=%q,outcome=%q} %d\n",
				runner, outcome, durations[i][j].count)
		}
	}
}

func exposeDurations() {
	metric("task_duration_seconds", "histogram", "Duration of tasks that ended, in seconds, by runner type and outcome.")
	text.WriteString("# UNIT solti_runner_task_duration_seconds seconds\n")
	for i, runner := range runners {
		for j, outcome := range outcomes {
			if of := &durations[i][j]; of.count > 0 {
				of.expose(fmt.Sprintf("runner=%q,outcome=%q", runner, outcome))
			}
		}
	}
}

func (of *histogram) expose(labels string) {
	const name = "solti_runner_task_duration_seconds"
	within := uint64(0)
	for i, bound := range bounds {
		within += of.buckets[i]
		fmt.Fprintf(&text, "%s_bucket{le=%q,%s} %d\n", name, bound.le, labels, within)
	}
	fmt.Fprintf(&text, "%s_bucket{le=\"+Inf\",%s} %d\n", name, labels, of.count)
	fmt.Fprintf(&text, "%s_count{%s} %d\n", name, labels, of.count)
	// This is exact, unlike a division of floats.
	fmt.Fprintf(&text, "%s_sum{%s} %d.%03d\n", name, labels, of.sumMs/1_000, of.sumMs%1_000)
}

func exposeErrors() {
	metric("errors", "counter", "Failed steps of setting a task up or tearing it down, by runner type and step.")
	for i, runner := range runners {
		for j, step := range steps {
			fmt.Fprintf(&text, "solti_runner_errors_total{runner=%q,error=%q} %d\n",
				runner, step, errors[i][j])
		}
	}
}

func metric(name, kind, help string) {
	fmt.Fprintf(&text, "# HELP solti_runner_%[1]s %[3]s\n# TYPE solti_runner_%[1]s %[2]s\n",
		name, kind, help)
}
