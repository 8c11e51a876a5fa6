// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "api/server_status.h"
#include "api/web_handler.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/shared_count.h"
#include "base/time.h"
#include "net/http.h"
#include "net/http_server.h"
#include "net/io_threads.h"
#include "os/file_system.h"
#include "pipeline/ingest.h"
#include "query/finder.h"
#include "query/query_pool.h"
#include "receive/otlp/otlp_receiver.h"
#include "server/config.h"
#include "server/replay.h"
#include "storage/log/log.h"
#include "storage/scan.h"
#include "storage/store/store.h"

namespace waybill::server {
namespace {

storage::LogOptions log_options(const Config& config, const ServerStart& start,
                                const storage::Store& store) {
  storage::LogOptions options;
  options.first_position = std::max<std::uint64_t>(1, store.log_covered_to());
  options.directory = config.data + "/log";
  options.durability = config.durability;
  options.total_bytes_max = static_cast<std::uint64_t>(config.log_bytes_max);
  options.free_bytes_min = static_cast<std::uint64_t>(config.free_bytes_min);
  options.salt_seed = start.seed;
  options.stop = start.stop;
  return options;
}

storage::StoreOptions store_options(const Config& config) {
  storage::StoreOptions options;
  options.directory = config.data;
  options.memory_bytes_max = static_cast<std::size_t>(config.head_bytes_max);
  options.window_span_count = static_cast<std::uint64_t>(config.window_span_count);
  options.window_age = std::chrono::nanoseconds(config.window_age_nanos);
  // The log needs room of its own beyond what it leaves, and so do blocks.
  options.disk.reserve_bytes = 2 * static_cast<std::uint64_t>(config.free_bytes_min);
  if (config.retention_age_nanos > 0) {
    options.retention.age_max = std::chrono::nanoseconds(config.retention_age_nanos);
  }
  if (config.retention_bytes_max > 0) {
    options.retention.total_bytes_max = static_cast<std::uint64_t>(config.retention_bytes_max);
  }
  return options;
}

receive::OtlpReceiverOptions receiver_options(const Config& config) {
  receive::OtlpReceiverOptions options;
  options.body_bytes_max = static_cast<std::size_t>(config.request_bytes_max);
  options.decode = config.decode;
  options.retry_delay = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::nanoseconds(config.retry_delay_nanos));
  options.cors_origins = config.cors_origins;
  return options;
}

net::HttpServerOptions listener_options(const Config& config, std::string name,
                                        const Address& address) {
  net::HttpServerOptions options;
  options.name = std::move(name);
  options.host = address.host;
  options.port = address.port;
  options.body_bytes_max = static_cast<std::size_t>(config.request_bytes_max);
  options.inflight_bytes_max = static_cast<std::size_t>(config.inflight_bytes_max);
  options.connection_count_max = static_cast<int>(config.connection_count_max);
  return options;
}

net::IoThreadsOptions io_options(const Config& config) {
  net::IoThreadsOptions options;
  options.thread_count = static_cast<int>(config.threads);
  return options;
}

query::QueryPoolOptions pool_options(const Config& config) {
  query::QueryPoolOptions options;
  options.queue_count_max = static_cast<std::size_t>(config.query_count_max);
  return options;
}

query::FinderOptions finder_options(const Config& config) {
  query::FinderOptions options;
  options.budget = std::chrono::nanoseconds(config.query_time_max_nanos);
  return options;
}

api::WebHandlerOptions web_options(const Config& config, const Clock& clock) {
  api::WebHandlerOptions options;
  options.front_door.hosts = config.allowed_hosts;
  if (config.listen_web) {
    options.front_door.hosts.push_back(config.listen_web->host);
  }
  options.front_door.hosts_setting = "the setting web.allowed_hosts";
  options.request_id_seed = clock.now();
  return options;
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace

// Everything that runs, in the order of the floors; destroyed in the opposite one.
class Server::Parts final {
 public:
  Parts(const Config& config, const Clock& clock)
      : config_(config),
        clock_(clock),
        started_at_(clock.now()),
        io_threads_(clock, io_options(config)) {}

  ~Parts() { stop(); }

  Result<void> open(os::FileSystem& file_system, const ServerStart& start) {
    TRY(open_store(file_system));
    TRY(open_log(file_system, start));
    store_->start([this](std::uint64_t position) { log_->retire_before(position); });
    add_gauges();
    ingest_ = std::make_unique<pipeline::Ingest>(*store_, *log_, clock_, metrics_);
    receiver_ = std::make_unique<receive::OtlpReceiver>(receiver_options(config_), *ingest_, clock_,
                                                        metrics_);
    pool_ = std::make_unique<query::QueryPool>(pool_options(config_), clock_, metrics_);
    finder_ = std::make_unique<query::Finder>(*store_, clock_, finder_options(config_));
    web_ = std::make_unique<api::WebHandler>(web_options(config_, clock_), *finder_, *pool_,
                                             metrics_, [this] { return status(); });
    if (start.stop.stop_requested()) {
      return Error{ErrorCode::Cancelled, "asked to stop before anything was listened to"};
    }
    TRY(listen("otlp_grpc", config_.listen_otlp_grpc, *receiver_));
    TRY(listen("otlp_http", config_.listen_otlp_http, *receiver_));
    TRY(listen("web", config_.listen_web, *web_));
    ready_.set(true);
    return {};
  }

  void stop() {
    if (std::exchange(stopped_, true)) {
      return;
    }
    ready_.set(false);
    const std::chrono::nanoseconds patience(config_.drain_time_nanos);
    for (const auto& listener : listeners_) {
      listener->drain(std::chrono::duration_cast<std::chrono::milliseconds>(patience));
    }
    if (ingest_ != nullptr && !ingest_->drain(patience)) {
      log_warn("requests in progress were not answered in time");
    }
    if (store_ != nullptr) {
      store_->stop();
    }
    if (log_ != nullptr) {
      log_->close();
    }
    listeners_.clear();
  }

  const std::vector<api::ServerStatus::Listener>& addresses() const { return addresses_; }

 private:
  Result<void> open_store(os::FileSystem& file_system) {
    storage::CatalogReport report;
    store_ =
        TRY(storage::Store::open(store_options(config_), {file_system, metrics_}, clock_, report));
    for (const std::string& message : report.messages) {
      log_warn(message);
    }
    log_info("blocks found", {{"directory", config_.data},
                              {"blocks", report.block_count},
                              {"missing", report.missing_count},
                              {"leftover", report.leftover_count},
                              {"set_aside", report.set_aside_count}});
    return {};
  }

  Result<void> open_log(os::FileSystem& file_system, const ServerStart& start) {
    const std::int64_t begun = clock_.steady().count();
    ReplayOptions options;
    options.limits = config_.decode;
    options.body_bytes_max = static_cast<std::size_t>(config_.request_bytes_max);
    options.begin_position = store_->log_covered_to();
    options.unreadable_folder = config_.data + "/unreadable";
    Replay replay(*store_, file_system, std::move(options));
    storage::ReplayReport report;
    log_ = TRY(storage::Log::open(
        log_options(config_, start, *store_), file_system, clock_, metrics_,
        [&](const storage::LogRecord& record) { replay.take(record); }, report));
    TRY(Result<void>(replay.set_aside()));
    for (const std::string& message : report.messages) {
      log_warn(message);
    }
    log_info("log read", {{"directory", config_.data},
                          {"requests", report.record_count},
                          {"spans", replay.span_count()},
                          {"bytes", report.body_bytes},
                          {"torn_bytes", report.torn_bytes},
                          {"quarantined", report.quarantined_count},
                          {"unreadable", replay.unreadable_count()},
                          {"took_ms", (clock_.steady().count() - begun) / 1'000'000}});
    metrics_.counter("waybill_replayed_spans_total", "Spans read back from the log at start.")
        .add(replay.span_count());
    return {};
  }

  void add_gauges() {
    const auto add = [&](std::string_view name, std::string_view help,
                         const std::function<double(const storage::StoreTotals&)>& read) {
      metrics_.gauge(name, help, {}, [this, read] { return read(store_->totals()); });
    };
    add("waybill_head_bytes", "Memory taken by recent spans.",
        [](const storage::StoreTotals& t) { return static_cast<double>(t.size_bytes); });
    add("waybill_head_bytes_max", "The bound of waybill_head_bytes.",
        [](const storage::StoreTotals& t) { return static_cast<double>(t.size_bytes_max); });
    add("waybill_blocks", "Immutable files that hold sealed spans.",
        [](const storage::StoreTotals& t) { return static_cast<double>(t.block_count); });
    add("waybill_block_bytes", "Size of the blocks.",
        [](const storage::StoreTotals& t) { return static_cast<double>(t.block_bytes); });
    add("waybill_spans", "Spans that can be asked for; one that was sent twice counts twice.",
        [](const storage::StoreTotals& t) { return static_cast<double>(t.span_count); });
    add("waybill_traces", "Traces that can be asked for.",
        [](const storage::StoreTotals& t) { return static_cast<double>(t.trace_count); });
    metrics_.gauge("waybill_build_info", "Version of the program.", {{"version", WAYBILL_VERSION}},
                   [] { return 1.0; });
    metrics_.gauge("waybill_start_time_seconds", "When the program started, Unix time.", {},
                   [this] { return static_cast<double>(started_at_) / 1e9; });
  }

  Result<void> listen(std::string name, const Listen& address, net::HttpHandler& handler) {
    if (!address) {
      return {};
    }
    if (!is_loopback(address->host)) {
      log_warn("this listener takes requests from other machines, without authentication",
               {{"listener", name}, {"host", address->host}});
    }
    auto server = net::HttpServer::open(listener_options(config_, name, *address), io_threads_,
                                        handler, metrics_);
    if (!server) {
      Error error = std::move(server).error();
      error.message += fmt::format("; set listen.{} (WAYBILL_LISTEN_{}) to another address, or off",
                                   name, upper(name));
      return error;
    }
    const bool is_v6 = address->host.find(':') != std::string::npos;
    addresses_.push_back({name, fmt::format("{}{}{}:{}", is_v6 ? "[" : "", address->host,
                                            is_v6 ? "]" : "", (*server)->port())});
    listeners_.push_back(std::move(server).value());
    return {};
  }

  static std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
      c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return out;
  }

  api::ServerStatus status() const {
    api::ServerStatus status;
    status.started_at = started_at_;
    // Whoever sees it ready sees the addresses, which are complete by then and never change after.
    status.ready = ready_.is_set();
    status.log_bytes = log_->size_bytes();
    if (status.ready) {
      status.listeners = addresses_;
    }
    return status;
  }

  const Config config_;
  const Clock& clock_;
  const UnixNanos started_at_;
  MetricRegistry metrics_;
  std::unique_ptr<storage::Store> store_;
  net::IoThreads io_threads_;
  std::unique_ptr<storage::Log> log_;
  std::unique_ptr<pipeline::Ingest> ingest_;
  std::unique_ptr<receive::OtlpReceiver> receiver_;
  std::unique_ptr<query::QueryPool> pool_;
  std::unique_ptr<query::Finder> finder_;
  std::unique_ptr<api::WebHandler> web_;
  std::vector<std::unique_ptr<net::HttpServer>> listeners_;
  std::vector<api::ServerStatus::Listener> addresses_;
  SharedFlag ready_;
  bool stopped_ = false;
};

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(const Config& config, os::FileSystem& file_system,
                                             const Clock& clock, const ServerStart& start) {
  auto parts = std::make_unique<Parts>(config, clock);
  TRY(parts->open(file_system, start));
  return std::make_unique<Server>(std::move(parts));
}

const std::vector<api::ServerStatus::Listener>& Server::listeners() const {
  return parts_->addresses();
}

void Server::stop() { parts_->stop(); }

}  // namespace waybill::server
