// Counts the words of a text, and records each line as a task. README.md in this
// folder defines its behavior; other files have it in other languages.
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o reporter.core.wasm reporter.go
//	wasm-tools component embed reporter/wit --world reporter reporter.core.wasm -o reporter.core.wasm
//	wasm-tools component new reporter.core.wasm --adapt wasi_snapshot_preview1.reactor.wasm -o reporter.wasm
//	solti-metrics run --stdin FILE reporter.wasm
//
// Each release of wasmtime contains the adapter.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"
)

// The cases of the enums in wit/types.wit, as numbers.
type (
	runnerType      uint32
	taskOutcome     uint32
	runnerErrorKind uint32
)

const (
	wasm runnerType = 2

	success  taskOutcome = 0
	failure  taskOutcome = 1
	canceled taskOutcome = 2

	backendConfigFailed runnerErrorKind = 1
)

//go:wasmimport solti:metrics/backend@0.1.0 record-task-started
func recordTaskStarted(runner runnerType)

//go:wasmimport solti:metrics/backend@0.1.0 record-task-completed
func recordTaskCompleted(runner runnerType, outcome taskOutcome, durationMs uint64)

//go:wasmimport solti:metrics/backend@0.1.0 record-runner-error
func recordRunnerError(runner runnerType, kind runnerErrorKind)

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

//go:wasmexport wasi:cli/run@0.2.0#run
func run() (failed bool) {
	maxWords, err := parseMaxWords(os.Args[1:])
	if err != nil {
		recordRunnerError(wasm, backendConfigFailed)
		fmt.Fprintln(os.Stderr, "usage: reporter [MAX-WORDS]")
		return true
	}
	return report(bufio.NewReader(os.Stdin), maxWords) != nil
}

// The host calls the exports of the component. The compiler requires a main.
func main() {}

// report records each line as a task. It returns an error if a task failed.
func report(text *bufio.Reader, maxWords int) error {
	var lines, words int
	var failed error
	for {
		line, end := text.ReadBytes('\n')
		if end != nil && end != io.EOF {
			return end
		}
		if len(line) == 0 {
			break
		}
		recordTaskStarted(wasm)
		started := time.Now()
		outcome := success
		if count, err := countWords(line); err != nil {
			outcome, failed = failure, err
		} else if count > maxWords {
			outcome = canceled
		} else {
			lines++
			words += count
		}
		recordTaskCompleted(wasm, outcome, uint64(time.Since(started).Milliseconds()))
	}
	fmt.Println(lines, words)
	return failed
}

func parseMaxWords(args []string) (int, error) {
	if len(args) == 0 {
		return 1_000, nil
	}
	if len(args) > 1 || len(args[0]) > 9 {
		return 0, errors.New("not one number")
	}
	// Unlike ParseInt, ParseUint accepts no sign.
	number, err := strconv.ParseUint(args[0], 10, 32)
	return int(number), err
}

func countWords(line []byte) (int, error) {
	if !utf8.Valid(line) {
		return 0, errors.New("not UTF-8")
	}
	isSpace := func(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' }
	return len(bytes.FieldsFunc(line, isSpace)), nil
}
