// SPDX-License-Identifier: Apache-2.0
#include "net/testing/http2_client.h"
#include <sys/types.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "net/grpc.h"
#include "net/http.h"
#include "net/http2/stream.h"

namespace waybill::net::testing {

std::string Http2Answer::header(std::string_view name) const {
  for (const auto* list : {&headers, &trailers}) {
    for (const Header& header : *list) {
      if (header.name == name) {
        return header.value;
      }
    }
  }
  return {};
}

struct Http2Client::Callbacks {
  static Http2Client& self(void* user_data) { return *static_cast<Http2Client*>(user_data); }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* user_data) {
    Http2Answer& answer = self(user_data).answers_[frame->hd.stream_id];
    Header header{{reinterpret_cast<const char*>(name), name_size},
                  {reinterpret_cast<const char*>(value), value_size}};
    if (header.name == ":status") {
      answer.status = static_cast<int>(parse_int64(header.value).value_or(0));
    } else if (frame->headers.cat == NGHTTP2_HCAT_HEADERS && answer.status >= 200) {
      answer.trailers.push_back(std::move(header));
    } else {
      answer.headers.push_back(std::move(header));
    }
    return 0;
  }

  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t stream_id,
                     const std::uint8_t* data, std::size_t size, void* user_data) {
    self(user_data).answers_[stream_id].body.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Http2Client& client = self(user_data);
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      client.goaway_code_ = frame->goaway.error_code;
      client.goaway_last_stream_ = frame->goaway.last_stream_id;
      ++client.goaway_count_;
    } else if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
      ++client.ping_count_;
    } else if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
               (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      client.answers_[frame->hd.stream_id].is_ended = true;
    }
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t stream_id, std::uint32_t error_code,
                      void* user_data) {
    Http2Answer& answer = self(user_data).answers_[stream_id];
    answer.is_closed = true;
    answer.error_code = error_code;
    return 0;
  }

  static ssize_t read_body(nghttp2_session*, std::int32_t stream_id, std::uint8_t* buffer,
                           std::size_t size, std::uint32_t* flags, nghttp2_data_source*,
                           void* user_data) {
    Body& body = self(user_data).bodies_[stream_id];
    const std::string_view part = std::string_view(body.bytes).substr(body.sent, size);
    std::copy(part.begin(), part.end(), buffer);
    body.sent += part.size();
    if (body.sent == body.bytes.size()) {
      if (body.end == End::Yes) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
      } else if (part.empty()) {
        return NGHTTP2_ERR_DEFERRED;
      }
    }
    return static_cast<ssize_t>(part.size());
  }
};

Http2Client::Http2Client(std::uint16_t port, std::uint32_t window_bytes) : raw_(port) {
  nghttp2_session_callbacks* callbacks = nullptr;
  CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::on_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::on_close);
  nghttp2_session* session = nullptr;
  CHECK(nghttp2_session_client_new(&session, callbacks, this) == 0);
  nghttp2_session_callbacks_del(callbacks);
  session_.reset(session);
  const nghttp2_settings_entry window{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window_bytes};
  CHECK(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, &window, 1) == 0);
  flush();
}

std::int32_t Http2Client::request(std::string_view method, std::string_view path,
                                  const std::vector<Header>& headers, std::string body, End end) {
  std::vector<nghttp2_nv> fields = {borrow_header(":method", method),
                                    borrow_header(":scheme", "http"), borrow_header(":path", path),
                                    borrow_header(":authority", "localhost")};
  for (const nghttp2_nv& field : borrow_headers(headers)) {
    fields.push_back(field);
  }
  // The names and values are the caller's, for this call only.
  for (nghttp2_nv& field : fields) {
    field.flags = NGHTTP2_NV_FLAG_NONE;
  }
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::read_body;
  const bool has_body = !body.empty() || end == End::No;
  const std::int32_t id =
      nghttp2_submit_request(session_.get(), nullptr, fields.data(), fields.size(),
                             has_body ? &provider : nullptr, nullptr);
  CHECK(id > 0);
  bodies_[id] = {std::move(body), 0, end};
  flush();
  return id;
}

std::int32_t Http2Client::call(std::string_view path, std::string_view message) {
  // An answer is framed as a question is.
  return request("POST", path, {{"content-type", "application/grpc"}, {"te", "trailers"}},
                 grpc_answer(message).body);
}

void Http2Client::reset(std::int32_t stream_id) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream_id, NGHTTP2_CANCEL);
  flush();
}

void Http2Client::ping() {
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
  flush();
}

void Http2Client::send_raw(std::string_view bytes) { raw_.send(bytes); }

void Http2Client::flush() {
  for (;;) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
    if (size <= 0) {
      return;
    }
    raw_.send({reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)});
  }
}

bool Http2Client::read() {
  const std::string bytes = raw_.read_some();
  if (bytes.empty()) {
    return false;
  }
  const ssize_t used = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  flush();
  return used >= 0;
}

const Http2Answer& Http2Client::wait(std::int32_t stream_id) {
  Http2Answer& answer = answers_[stream_id];
  while (!answer.is_closed && read()) {
  }
  return answer;
}

const Http2Answer& Http2Client::wait_end(std::int32_t stream_id) {
  Http2Answer& answer = answers_[stream_id];
  while (!answer.is_ended && !answer.is_closed && read()) {
  }
  return answer;
}

std::optional<std::uint32_t> Http2Client::wait_goaway() {
  const int seen = goaway_count_;
  while (goaway_count_ == seen && read()) {
  }
  return goaway_code_;
}

bool Http2Client::wait_pings(int count) {
  while (ping_count_ < count && read()) {
  }
  return ping_count_ >= count;
}

void Http2Client::read_to_end() {
  while (read()) {
  }
}

}  // namespace waybill::net::testing
