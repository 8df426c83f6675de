// Arrays between Python and the kernels: checked on the way in, handed over on the way out.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cmath>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tree.hpp"

namespace kinechain {

namespace nb = nanobind;


using Numbers = nb::ndarray<const double, nb::c_contig, nb::device::cpu>;
using Integers = nb::ndarray<const Index, nb::c_contig, nb::device::cpu>;
using Array = nb::ndarray<nb::numpy, double>;
using IntegerArray = nb::ndarray<nb::numpy, Index>;

template <typename A>
const A& shaped(const A& array, std::initializer_list<Index> shape, const char* name) {
  bool fits = array.ndim() == shape.size();
  std::size_t axis = 0;
  for (Index length : shape) {
    fits = fits && (length < 0 || static_cast<Index>(array.shape(axis)) == length);
    ++axis;
  }
  if (fits) return array;
  std::string want, have;
  for (Index length : shape) want += (length < 0 ? "n" : std::to_string(length)) + ", ";
  for (std::size_t i = 0; i < array.ndim(); ++i) have += std::to_string(array.shape(i)) + ", ";
  throw std::invalid_argument(std::string(name) + " has shape (" + have + "), expected (" + want + ")");
}

template <typename T, typename A>
std::vector<T> copied(const A& array, std::initializer_list<Index> shape, const char* name) {
  shaped(array, shape, name);
  return std::vector<T>(array.data(), array.data() + array.size());
}

template <typename T>
nb::ndarray<nb::numpy, T> handed_over(std::vector<T>&& values, std::initializer_list<std::size_t> shape) {
  auto* kept = new std::vector<T>(std::move(values));
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::ndarray<nb::numpy, T>(kept->data(), shape, owner);
}

inline void require_finite(const Numbers& array, const char* name) {
  for (std::size_t i = 0; i < array.size(); ++i)
    if (!std::isfinite(array.data()[i])) throw std::invalid_argument(std::string(name) + " must be finite");
}

}  // namespace kinechain
