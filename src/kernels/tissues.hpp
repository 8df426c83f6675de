// Tension of fascia and ligaments from the length of their paths, and how far an arch gives under a moment.
// Twin: src/kinechain/loads/tissues.py.
#pragma once

#include <vector>

#include "tree.hpp"

namespace kinechain {

struct TissueLaws {
  std::vector<double> slack;
  std::vector<Index> function;  // tension against strain; -1 where there is none
  FunctionTable functions;

  Index count() const { return static_cast<Index>(slack.size()); }
  // Tension with its first derivative by the length.
  Jet tension(Index tissue, double length) const;
};

// How one instant ended.
enum ArchStatus : Index { kArchSolved = 0, kArchUnknown = 1, kArchTooMuch = 2 };

// One instant: the dorsiflexion, within plus or minus `most`, at which tensions times arms give the moment.
ArchStatus solve_arch(const TissueLaws& laws, const double* lengths, const double* arms, double moment, double most,
                      double& give);

}  // namespace kinechain
