// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/log.h"
#include "base/result.h"
#include "cmd/commands.h"
#include "os/entropy.h"
#include "os/environment.h"
#include "os/file_system.h"
#include "os/signals.h"
#include "os/system_clock.h"
#include "os/whole_file.h"
#include "server/config.h"
#include "server/server.h"

namespace waybill::cmd {
namespace {

constexpr std::uint64_t kConfigBytesMax = 1 << 20;

Result<server::Config> load(const ServeOptions& options) {
  std::string path = options.config_file;
  if (path.empty()) {
    path = os::environment_variable("WAYBILL_CONFIG").value_or("");
  }
  std::optional<std::string> yaml;
  if (!path.empty()) {
    yaml = TRY(os::read_whole_file(path, kConfigBytesMax));
  }
  server::Config config = TRY(
      server::load_config(yaml, path, os::environment_variable, os::environment_names("WAYBILL_")));
  if (!options.data.empty()) {
    config.data = options.data;
  }
  return config;
}

int fail(const Error& error) {
  fmt::print(stderr, "waybill: {}\n", error.message);
  return 1;
}

}  // namespace

int show_config(const ServeOptions& options) {
  const auto config = load(options);
  if (!config) {
    return fail(config.error());
  }
  fmt::print("{}", server::print_config(*config));
  return 0;
}

int serve(const ServeOptions& options) {
  os::StopSignals signals;
  const auto config = load(options);
  if (!config) {
    return fail(config.error());
  }
  configure_log(config->log);
  const auto file_system = os::make_posix_file_system();
  const auto clock = os::make_system_clock();
  const auto seed = os::system_entropy();
  if (!seed) {
    return fail(seed.error());
  }
  auto server = server::Server::open(*config, *file_system, *clock, {signals.token(), *seed});
  if (!server && server.error().code == ErrorCode::Cancelled) {
    log_info("stopped before it was ready; nothing is lost", {{"reason", server.error().message}});
    return 0;
  }
  if (!server) {
    return fail(server.error());
  }
  for (const auto& listener : (*server)->listeners()) {
    log_info("listening", {{"listener", listener.name}, {"address", listener.address}});
  }
  log_info("ready", {{"version", WAYBILL_VERSION}, {"data", config->data}});
  signals.wait();
  log_info("stopping: requests in progress are answered first");
  // A second request to stop ends the process at once; everything acknowledged is on disk already.
  signals.release();
  (*server)->stop();
  log_info("stopped");
  return 0;
}

}  // namespace waybill::cmd
