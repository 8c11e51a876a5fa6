// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "api/server_status.h"
#include "base/clock.h"
#include "base/result.h"
#include "os/file_system.h"
#include "server/config.h"

namespace waybill::server {

// What a start is given beside the configuration.
struct ServerStart {
  // Looked at until the server listens.
  std::stop_token stop;
  // From the system's entropy: what nobody outside is to guess is made from it.
  std::uint64_t seed = 0;
};

// The whole program behind `waybill serve`: made floor by floor from the configuration, torn down
// in the opposite order. Open and stop from one thread. Borrows the file system and the clock.
class Server final {
  class Parts;

 public:
  // Replays the log, then listens. Fails with a message that names what is in the way: a folder
  // that can not be used or is in use, a damaged or newer log, a port that is taken (with the
  // setting that moves it). Cancelled, with nothing lost, where a stop is requested before it
  // listens.
  static Result<std::unique_ptr<Server>> open(const Config& config, os::FileSystem& file_system,
                                              const Clock& clock, const ServerStart& start);
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
