// SPDX-License-Identifier: MIT
// Rust functions with known callers: generics, a trait's method, closures. Built by the test.
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

type Callback = extern "C" fn(i32) -> i32;
static SINK: AtomicU64 = AtomicU64::new(0);

mod shelf {
    use super::*;

    pub trait Visit {
        fn visit(&self, level: i32) -> i32;
    }

    pub struct Item<T>(pub T);

    impl Visit for Item<Callback> {
        #[inline(never)]
        fn visit(&self, level: i32) -> i32 {
            let result = (self.0)(level - 1);
            SINK.fetch_add(1, Ordering::Relaxed);
            result
        }
    }

    #[inline(never)]
    pub fn climb<V: Visit>(item: &V, level: i32) -> i32 {
        let result = item.visit(level);
        SINK.fetch_add(1, Ordering::Relaxed);
        result
    }

    #[inline(never)]
    pub fn spin(milliseconds: i32) -> i32 {
        let end = Instant::now() + Duration::from_millis(milliseconds as u64);
        while Instant::now() < end {
            for _ in 0..5000 {
                SINK.fetch_add(1, Ordering::Relaxed);
            }
        }
        0
    }
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn rust_call(call: Callback, level: i32) -> i32 {
    let result = shelf::climb(&shelf::Item(call), level);
    SINK.fetch_add(1, Ordering::Relaxed);
    result
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn rust_work(milliseconds: i32) -> i32 {
    let result = shelf::spin(milliseconds);
    SINK.fetch_add(1, Ordering::Relaxed);
    result
}
