package main

import "unsafe"

// The adapter converts WASI 0.1, the version that Go supports, to WASI 0.2, and needs memory
// inside this program. It requests two pages of 64 KiB before its first call returns, when
// Go cannot allocate yet. The array has a third page, which leaves space for the alignment
// of both requests. Without this function, the adapter would grow the memory, and Go's
// runtime treats grown memory as its own.
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

// The host calls the exports of the component. The compiler requires a main.
func main() {}
