// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "api/server_status.h"
#include "base/clock.h"
#include "base/result.h"
#include "os/file_system.h"
#include "server/config.h"

namespace waybill::server {

// The whole program behind `waybill serve`: made floor by floor from the configuration, torn down
// in the opposite order. Open and stop from one thread. Borrows the file system and the clock.
class Server final {
  class Parts;

 public:
  // Replays the log, then listens. Fails with a message that names what is in the way: a folder
  // that can not be used or is in use, a damaged or newer log, a port that is taken (with the
  // setting that moves it).
  static Result<std::unique_ptr<Server>> open(const Config& config, os::FileSystem& file_system,
                                              const Clock& clock);
  // Only for open(): nobody else can make parts.
  explicit Server(std::unique_ptr<Parts> parts);
  ~Server();

  // Where it listens, with the ports that were bound.
  const std::vector<api::ServerStatus::Listener>& listeners() const;

  // Takes no new requests, answers those in progress (at most `drain_time`), and closes the log.
  // What was acknowledged is on disk.
  void stop();

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace waybill::server
