// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/nearest.h"
#include "cmd/commands.h"

namespace {

using namespace waybill::cmd;  // NOLINT(google-build-using-namespace): this file only wires
                               // commands

void add_server_option(CLI::App& command, ClientOptions& options) {
  command.add_option("--server", options.server, "Address of the running Waybill")
      ->envname("WAYBILL_SERVER_URL")
      ->capture_default_str();
}

void add_serve(CLI::App& app, ServeOptions& options, int& status) {
  CLI::App* serve_command = app.add_subcommand(
      "serve", "Take spans in, keep them, answer questions and serve the web UI");
  serve_command->add_option("--data", options.data,
                            "Folder that holds everything [./waybill-data]");
  serve_command->add_option("--config", options.config_file,
                            "YAML file; 'waybill config' prints one with every setting");
  serve_command->footer(
      "Needs no configuration. Listens on loopback: OTLP/gRPC 4317, OTLP/HTTP 4318, web UI and "
      "APIs "
      "16686.\nSend SIGTERM to stop: requests in progress are answered, nothing is lost.");
  serve_command->callback([&] { status = serve(options); });
}

void add_config(CLI::App& app, ServeOptions& options, int& status) {
  CLI::App* command = app.add_subcommand(
      "config", "Print the effective configuration: defaults, file and environment");
  command->add_option("--config", options.config_file, "YAML file");
  command->add_option("--data", options.data, "Folder that holds everything");
  command->callback([&] { status = show_config(options); });
}

void add_trace(CLI::App& app, TraceOptions& options, int& status) {
  CLI::App* command = app.add_subcommand("trace", "Show one trace as a waterfall in the terminal");
  command->add_option("id", options.trace_id, "Trace id, 1 to 32 hex digits")->required();
  command->add_flag("--json", options.as_json, "Print OTLP/JSON, as stored");
  command->add_flag("--ascii", options.ascii, "Use ASCII characters only");
  command->add_option("--width", options.width, "Columns [the terminal's]");
  add_server_option(*command, options.client);
  command->footer("Example: waybill trace 4bf92f3577b34da6a3ce929d0e0e4736");
  command->callback([&] { status = show_trace(options); });
}

void add_search(CLI::App& app, SearchOptions& options, int& status) {
  CLI::App* command = app.add_subcommand("search", "List traces, newest first");
  command->add_option("query", options.query,
                      "Span filter in TraceQL, such as '{ duration > 1s && status = error }'");
  command->add_option("--service", options.service, "Only traces with a span of this service");
  command->add_option("--operation", options.operation, "... and of this name");
  command->add_option("--min-duration", options.min_duration, "... and at least this long: 100ms");
  command->add_option("--max-duration", options.max_duration, "... and at most this long: 1.5s");
  command->add_flag("--error", options.errors_only, "... and with error status");
  command->add_option("--from", options.from, "RFC 3339 or epoch nanoseconds");
  command->add_option("--to", options.to, "RFC 3339 or epoch nanoseconds");
  command->add_option("--limit", options.limit, "Traces to list")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_flag("--json", options.as_json, "Print the API's answers, one a line");
  add_server_option(*command, options.client);
  command->footer(
      "All conditions hold for one span of the trace.\n"
      "Example: waybill search --service payment --min-duration 500ms");
  command->callback([&] { status = search(options); });
}

void add_import(CLI::App& app, ImportOptions& options, int& status) {
  CLI::App* command = app.add_subcommand("import", "Send files of traces to a running Waybill");
  command
      ->add_option("file", options.files,
                   "OTLP/JSON lines, one OTLP/JSON document or OTLP protobuf; plain or gzip")
      ->required();
  command->add_option("--endpoint", options.endpoint, "OTLP/HTTP address")->capture_default_str();
  command->footer("Example: waybill import traces.jsonl.gz");
  command->callback([&] { status = import_files(options); });
}

void add_generate(CLI::App& app, GenerateOptions& options, int& status) {
  CLI::App* command = app.add_subcommand(
      "generate", "Make the traffic of an online shop: to try things out, and as a load tool");
  command->add_option("--rate", options.rate, "Spans a second; 0: as fast as it goes")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--duration", options.duration, "How long, such as 10s or 5m [10s]");
  command->add_option("--spans", options.span_count, "How many spans, in place of a duration");
  command->add_option("--seed", options.seed, "The same seed gives the same traces")
      ->capture_default_str();
  command->add_option("--endpoint", options.endpoint, "Where to send: http://host:port")
      ->capture_default_str();
  command->add_option("--protocol", options.protocol, "grpc or http")
      ->check(CLI::IsMember({"grpc", "http"}))
      ->capture_default_str();
  command->add_option("--compression", options.compression, "none, gzip or zstd")
      ->check(CLI::IsMember({"none", "gzip", "zstd"}))
      ->capture_default_str();
  command->add_option("--output", options.output,
                      "Write a file instead: .jsonl, .jsonl.gz, .pb or .pb.gz");
  command->add_option("--truth", options.truth,
                      "Write what was sent, and what is wrong in it, as JSON");
  command
      ->add_option("--timeout", options.timeout,
                   "Give up when no span gets through for so long, with status 1")
      ->capture_default_str();
  command->add_option("--request-spans", options.request_span_count, "Spans in one request")
      ->capture_default_str();
  command->add_option("--errors", options.error_share, "Share of traces that fail")
      ->capture_default_str();
  command->add_option("--late", options.late_share, "Share of spans that come a minute late")
      ->capture_default_str();
  command->add_option("--huge", options.huge_trace_count, "Huge traces among the others");
  command->add_option("--huge-spans", options.huge_trace_span_count, "Spans of a huge trace")
      ->capture_default_str();
  command->add_option(
      "--fault", options.faults,
      "Something that goes wrong: kind:service[:share[:amount]], kinds slow, retry, "
      "repeated-query, missing-parent, lost-context, clock-skew");
  command->footer(
      "Examples:\n  waybill generate --rate 100 --duration 1m\n"
      "  waybill generate --spans 100000 --fault slow:bank:0.2:1.5s\n"
      "  waybill generate --spans 10000 --output shop.jsonl.gz");
  command->callback([&] { status = generate_load(options); });
}

// "--nope" of "--nope=5".
std::string option_name(std::string_view argument) {
  return std::string(argument.substr(0, argument.find('=')));
}

// What to say of arguments that nobody takes.
std::string explain_extras(const CLI::App& app) {
  const CLI::App* command = &app;
  std::vector<std::string> extras = app.remaining(false);
  for (const CLI::App* parsed : app.get_subcommands()) {
    if (!parsed->remaining(false).empty()) {
      command = parsed;
      extras = parsed->remaining(false);
    }
  }
  const bool is_top = command == &app;
  const std::string name = is_top ? "waybill" : "waybill " + command->get_name();
  // The first one that nobody took; what follows it may be its value.
  const std::string extra = extras.empty() ? "" : extras.front();
  if (is_top && !extra.starts_with('-')) {
    std::vector<std::string> commands;
    for (const CLI::App* known : app.get_subcommands({})) {
      commands.push_back(known->get_name());
    }
    return fmt::format(
        "waybill: there is no command '{}'; did you mean '{}'? 'waybill --help' lists the commands",
        extra, waybill::nearest(extra, commands));
  }
  if (!extra.starts_with('-')) {
    return fmt::format("{0}: '{1}' is one argument too many; '{0} --help' says what it takes", name,
                       extra);
  }
  std::vector<std::string> options;
  for (const CLI::Option* known : command->get_options()) {
    for (const std::string& long_name : known->get_lnames()) {
      options.push_back("--" + long_name);
    }
  }
  return fmt::format("{0}: there is no option '{1}'; did you mean '{2}'? '{0} --help' lists them",
                     name, option_name(extra), waybill::nearest(option_name(extra), options));
}

}  // namespace

// NOLINTNEXTLINE(bugprone-exception-escape): an option that can not be added is a bug of ours
int main(int argc, char** argv) {
  CLI::App app("Waybill: distributed tracing in one program.");
  app.name("waybill");
  app.require_subcommand(1);
  app.set_version_flag("--version", "waybill " WAYBILL_VERSION);
  app.footer(
      "Try it:\n"
      "  waybill serve                                   start a server; open "
      "http://127.0.0.1:16686\n"
      "  waybill generate --rate 100 --duration 10s      in another terminal: send it some traces\n"
      "  waybill search --error                          find those that failed\n"
      "  waybill trace ID                                see where the time went\n"
      "'waybill COMMAND --help' says more.");
  int status = 0;
  ServeOptions serve_options;
  ServeOptions config_options;
  TraceOptions trace_options;
  SearchOptions search_options;
  ImportOptions import_options;
  GenerateOptions generate_options;
  add_serve(app, serve_options, status);
  add_generate(app, generate_options, status);
  add_import(app, import_options, status);
  add_search(app, search_options, status);
  add_trace(app, trace_options, status);
  add_config(app, config_options, status);
  app.add_subcommand("version", "Print the version")->callback([] {
    fmt::print("waybill {}\n", WAYBILL_VERSION);
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // A command that is not known is found missing before it is found superfluous.
    const bool is_nothing_known = app.get_subcommands().empty() && !app.remaining().empty();
    const bool is_missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
        (is_missing && is_nothing_known)) {
      fmt::print(stderr, "{}\n", explain_extras(app));
      return 2;
    }
    // CLI11 prints help and usage itself; its own codes are folded to "wrong use".
    return app.exit(error) == 0 ? 0 : 2;
  }
  return status;
}
