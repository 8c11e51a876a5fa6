// SPDX-License-Identifier: Apache-2.0
#include "os/signals.h"
#include <signal.h>

#include <csignal>

namespace waybill::os {
namespace {

sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = stop_set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void StopSignals::wait() {
  const sigset_t set = stop_set();
  int received = 0;
  // EINTR can not happen for blocked signals; any other error would be a fault of the set.
  while (sigwait(&set, &received) != 0) {
  }
}

void StopSignals::release() {
  const sigset_t set = stop_set();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace waybill::os
