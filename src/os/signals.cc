// SPDX-License-Identifier: Apache-2.0
#include "os/signals.h"

#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's part of it

#include <csignal>
#include <stop_token>
#include <thread>

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
  thread_ = std::jthread([set, source = source_]() mutable {
    int received = 0;
    // EINTR can not happen for blocked signals; any other error would be a fault of the set.
    while (sigwait(&set, &received) != 0) {
    }
    source.request_stop();
  });
}

StopSignals::~StopSignals() {
  if (thread_.joinable()) {
    // For this thread alone. Where it has taken a request already it has ended or is about to, and
    // the signal goes nowhere.
    // NOLINTNEXTLINE(bugprone-bad-signal-to-kill-thread): blocked there, and taken by sigwait
    pthread_kill(thread_.native_handle(), SIGTERM);
  }
}

void StopSignals::wait() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void StopSignals::release() {
  const sigset_t set = stop_set();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace waybill::os
