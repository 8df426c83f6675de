#include "numbers.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace kinechain {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// End of the plain decimal number that begins here, or null.
const char* end_of_number(const char* at, const char* end) {
  if (at != end && (*at == '+' || *at == '-')) ++at;
  const char* first = at;
  while (at != end && is_digit(*at)) ++at;
  std::size_t digits = at - first;
  if (at != end && *at == '.') {
    const char* point = at++;
    while (at != end && is_digit(*at)) ++at;
    digits += at - point - 1;
  }
  if (digits == 0) return nullptr;
  if (at != end && (*at == 'e' || *at == 'E')) {
    const char* power = at + 1;
    if (power != end && (*power == '+' || *power == '-')) ++power;
    if (power == end || !is_digit(*power)) return nullptr;
    while (power != end && is_digit(*power)) ++power;
    at = power;
  }
  return at;
}

bool convert(const char* begin, const char* end, double& value) {
  if (*begin == '+') ++begin;
#if defined(__cpp_lib_to_chars) && __cpp_lib_to_chars >= 201611L
  const auto result = std::from_chars(begin, end, value);
  return result.ec == std::errc() && result.ptr == end;
#else
  const std::string copy(begin, end);
  char* stop = nullptr;
  value = std::strtod(copy.c_str(), &stop);
  return stop == copy.c_str() + copy.size() && value - value == 0;
#endif
}

const char* past_blanks(const char* at, const char* end) {
  while (at != end && *at == ' ') ++at;
  return at;
}

}  // namespace

bool read_numbers(const char* text, std::size_t size, std::size_t columns, char delimiter, std::vector<double>& out) {
  const char *at = text, *end = text + size;
  while (at != end) {
    for (std::size_t column = 0; column < columns; ++column) {
      at = past_blanks(at, end);
      const char* stop = end_of_number(at, end);
      double value = 0;
      if (stop == nullptr || !convert(at, stop, value)) return false;
      out.push_back(value);
      at = past_blanks(stop, end);
      const bool is_last = column + 1 == columns;
      if (at == end) {
        if (!is_last) return false;
      } else if (*at++ != (is_last ? '\n' : delimiter)) {
        return false;
      }
    }
  }
  return true;
}

namespace {

constexpr int kDecimals = 8;
// The largest double before its decimals, a sign, a point and decimals.
constexpr std::size_t kLongest = 330;

std::size_t write_number(double value, char* at) {
  if (std::isnan(value)) {
    std::memcpy(at, "nan", 3);
    return 3;
  }
#if defined(__cpp_lib_to_chars)
  return std::to_chars(at, at + kLongest, value, std::chars_format::fixed, kDecimals).ptr - at;
#else
  return std::snprintf(at, kLongest, "%.*f", kDecimals, value);
#endif
}

}  // namespace

void write_numbers(const double* values, std::size_t rows, std::size_t columns, std::string& out) {
  std::size_t used = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    if (out.size() < used + columns * 24) out.resize(2 * out.size() + columns * 24);
    for (std::size_t c = 0; c < columns; ++c) {
      if (out.size() < used + kLongest + 1) out.resize(2 * out.size() + kLongest + 1);
      used += write_number(values[r * columns + c], out.data() + used);
      out[used++] = c + 1 < columns ? '\t' : '\n';
    }
  }
  out.resize(used);
}

}  // namespace kinechain
