//! Memory: where there is no more of it, JavaScript gets an error and not a trap.
#![allow(unsafe_code, reason = "an allocator's interface is unsafe; this one hands on what it is given")]

use std::alloc::{GlobalAlloc, Layout, System};

use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "../error.js")]
extern "C" {
    /// Throws: it does not return, and nothing of what was going on goes on.
    #[wasm_bindgen(js_name = throwOutOfMemory)]
    fn throw_out_of_memory();
}

#[global_allocator]
static ALLOCATOR: Throwing = Throwing;

/// The system's allocator; what it cannot give is thrown.
#[derive(Debug)]
struct Throwing;

fn checked(found: *mut u8) -> *mut u8 {
    if found.is_null() {
        throw_out_of_memory();
    }
    found
}

// SAFETY: every call is handed to the system's allocator as it is, and what that returns is returned.
unsafe impl GlobalAlloc for Throwing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are the same.
        checked(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are the same.
        checked(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promises are the same.
        checked(unsafe { System.realloc(old, layout, size) })
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are the same.
        unsafe { System.dealloc(old, layout) }
    }
}
