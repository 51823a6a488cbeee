package main

import "unsafe"

// The adapter makes the system's first interface, which is all that Go knows, the second,
// and lives in the memory of this program. It asks for two pages before its first call
// returns, when Go cannot allocate yet; were there nobody to ask, it would grow the
// memory, and Go's runtime takes what grows for its own.
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

// Others call a component, so nothing begins here; and yet the compiler wants it.
func main() {}
