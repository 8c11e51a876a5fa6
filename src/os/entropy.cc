// SPDX-License-Identifier: Apache-2.0
#include "os/entropy.h"

#include <sys/random.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/result.h"

namespace waybill::os {

Result<std::uint64_t> system_entropy() {
  std::uint64_t number = 0;
  ssize_t size = 0;
  // So few bytes come all at once; only a signal before the first of them gets in between.
  do {
    size = ::getrandom(&number, sizeof number, 0);
  } while (size < 0 && errno == EINTR);
  if (size != static_cast<ssize_t>(sizeof number)) {
    return internal_error("the system gives no random numbers (getrandom), error " +
                          std::to_string(errno));
  }
  return number;
}

}  // namespace waybill::os
