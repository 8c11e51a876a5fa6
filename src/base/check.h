// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace waybill {

// Prints the broken condition and aborts. For faults of our own, never for bad input.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace waybill

#define CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::waybill::check_failed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#else
#define DCHECK(condition) CHECK(condition)
#endif
