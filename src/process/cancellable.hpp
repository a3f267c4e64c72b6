// SPDX-License-Identifier: MIT
#pragma once

#include <pthread.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace lampyr::process {

/// While it lives its thread, which cannot be cancelled else, can be (pthread_cancel): for one system call that may never return.
class Cancellable {
  public:
    Cancellable() { ::pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, nullptr); }
    ~Cancellable() {
        ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
#ifdef __SANITIZE_ADDRESS__
        // AddressSanitizer does not see that cancelling ends frames. What it has marked of them would stay marked, and the next
        // functions to use that part of the stack be accused.
        __asan_handle_no_return();
#endif
    }
    Cancellable(const Cancellable&) = delete;
    Cancellable& operator=(const Cancellable&) = delete;
};

}  // namespace lampyr::process
