# Turns files into a C++ source, so that the program carries them. Run as a script:
#
#   cmake -DROOT=<folder> -DFILES=<names, separated by |> -DOUTPUT=<file.cc>
#         -DHEADER=<include path> -DNAMESPACE=<a::b> -DFUNCTION=<name> [-DGZIP=<program>]
#         -P embed.cmake
#
# Without FILES every file under ROOT is taken; none where ROOT does not exist. The source defines
# `std::span<const waybill::api::EmbeddedFile> FUNCTION()`, sorted by name. With GZIP, files that get
# smaller by it are carried in that form too. Bytes are written as 64-bit words, since compilers read
# those several times faster than single bytes; the program is little endian.
cmake_minimum_required(VERSION 3.25)

if(FILES)
  string(REPLACE "|" ";" names "${FILES}")
else()
  file(GLOB_RECURSE names RELATIVE "${ROOT}" "${ROOT}/*")
endif()
list(SORT names)

# Appends to `source` an array with the file's bytes, padded with zeros, and sets size_bytes.
function(write_bytes path symbol)
  file(SIZE "${path}" size)
  file(READ "${path}" hex HEX)
  math(EXPR rest "${size} % 8")
  while(rest AND rest LESS 8)
    string(APPEND hex "00")
    math(EXPR rest "${rest} + 1")
  endwhile()
  if(size EQUAL 0)
    set(hex "0000000000000000")
  endif()
  string(REGEX REPLACE "(..)(..)(..)(..)(..)(..)(..)(..)" "0x\\8\\7\\6\\5\\4\\3\\2\\1,\n" words "${hex}")
  file(APPEND "${OUTPUT}.new" "constexpr std::uint64_t ${symbol}[] = {\n${words}};\n")
  set(size_bytes ${size} PARENT_SCOPE)
endfunction()

file(WRITE "${OUTPUT}.new" "// Made by cmake/embed.cmake.
#include <cstdint>
#include <span>
#include <string_view>

#include \"${HEADER}\"

namespace {

std::string_view view(const std::uint64_t* words, std::size_t size_bytes) {
  return {reinterpret_cast<const char*>(words), size_bytes};
}

")
set(entries "")
set(index 0)
foreach(name IN LISTS names)
  set(path "${ROOT}/${name}")
  write_bytes("${path}" file${index})
  set(plain "view(file${index}, ${size_bytes})")
  set(plain_size ${size_bytes})
  file(SHA256 "${path}" digest)
  string(SUBSTRING "${digest}" 0 16 digest)
  set(packed "{}")
  if(GZIP AND plain_size GREATER 512)
    # -n leaves name and time out, so that the same input gives the same program.
    execute_process(COMMAND "${GZIP}" -9 -n -c "${path}" OUTPUT_FILE "${OUTPUT}.gz" RESULT_VARIABLE failed)
    file(SIZE "${OUTPUT}.gz" packed_size)
    if(NOT failed AND packed_size LESS plain_size)
      write_bytes("${OUTPUT}.gz" packed${index})
      set(packed "view(packed${index}, ${size_bytes})")
    endif()
    file(REMOVE "${OUTPUT}.gz")
  endif()
  string(APPEND entries "      {\"/${name}\", ${plain}, ${packed}, \"\\\"${digest}\\\"\"},\n")
  math(EXPR index "${index} + 1")
endforeach()

file(APPEND "${OUTPUT}.new" "
}  // namespace

namespace ${NAMESPACE} {

std::span<const waybill::api::EmbeddedFile> ${FUNCTION}() {
")
if(entries)
  file(APPEND "${OUTPUT}.new" "  static const waybill::api::EmbeddedFile kFiles[] = {\n${entries}  };\n  return kFiles;\n")
else()
  file(APPEND "${OUTPUT}.new" "  (void)view;\n  return {};\n")
endif()
file(APPEND "${OUTPUT}.new" "}\n\n}  // namespace ${NAMESPACE}\n")
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
