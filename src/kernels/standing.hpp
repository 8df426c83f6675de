// Where a standing body comes to rest: ground, weight, stiffness, and posture control through the joints alone.
// Twin: src/kinechain/chain/rest.py, which holds every formula.
#pragma once

#include <vector>

#include "tree.hpp"

namespace kinechain {

// How one case ended.
enum RestStatus : Index { kAtRest = 0, kLost = 1, kFalls = 2, kBalanced = 3 };

// Coordinates of the root; they come first among the free ones.
constexpr int kRoot = 6;

// What all cases share.
struct StandingBody {
  Tree tree;
  std::vector<Index> free;  // inputs that are solved for
  std::vector<Index> pad_node, direction_node, spring;
  std::vector<double> pad_position, direction_vector;
  FunctionTable springs;

  // Nodes that follow a free coordinate, parents first: the node, its next moving ancestor, the coordinate.
  std::vector<Index> moving, moving_parent, moving_free;
  // The moving node that carries each pad, direction and segment.
  std::vector<Index> pad_owner, direction_owner, segment_owner;
  // Area under each spring up to each of its pieces.
  std::vector<double> areas;

  Index free_count() const { return static_cast<Index>(free.size()); }
  Index pad_count() const { return static_cast<Index>(pad_node.size()); }
  Index direction_count() const { return static_cast<Index>(direction_node.size()); }

  // Throws std::invalid_argument unless every index lies inside its table and the six nodes of the root carry all.
  void check();

  // Integral of a spring from its first knot to z.
  double area(Index function, double z) const;
};

// One case; what each array holds is said in src/kinechain/chain/situation.py.
struct StandingCase {
  const double *reference, *mass, *centre, *stiffness, *spring_scale, *spring_shift, *tonic, *pad_stiffness, *pad_shear,
      *pad_level, *pad_anchor, *pad_normal, *centre_gain, *centre_target, *direction_gain, *direction_target;
  const double* force;  // beside all else, per free coordinate
};

// Energy and objective of control with their derivatives; shapes as of Terms in rest.py.
struct StandingTerms {
  double energy = 0.0, control = 0.0, centre[3] = {0, 0, 0};
  std::vector<double> gradient, hessian, control_gradient, control_hessian, centre_jacobian, pad_position, pad_force,
      directions, direction_jacobian;
};

struct StandingRest {
  std::vector<double> values;
  double residual, smallest_eigenvalue;
  Index iterations, status;
};

// Solves one case after another; the work space lives as long as it does.
class StandingSolver {
 public:
  explicit StandingSolver(const StandingBody& body);

  // Makes a case the one that is worked on; false where it holds a number that is none, or no mass.
  bool take(const StandingCase& one);

  void evaluate(const StandingCase& one, const double* values, bool with_control, StandingTerms& out);

  // Looks for the rest from `start`, or from the reference where it is null; `terms` are those at the rest.
  void find(const StandingCase& one, const double* start, StandingRest& rest, StandingTerms& terms);

 private:
  // How a node moves a point p it carries, per unit of its value: turn x p + slide.
  struct Motion {
    double turn[3], slide[3], slope, curvature;
  };

  // Sums over what a node carries.
  struct Sums {
    double share, first[3];          // share of mass, times place
    double pull[3], moment[9];       // of pads: gradient g, p g^T
    double lean[9];                  // of directions: u w^T with the pull w of control
    double stiff[36];                // of pads: by turn and slide

    void add(const Sums& other);
  };

  // The problem with the root eliminated.
  struct Reduced {
    std::vector<double> root_by_joint, residual, hessian;
    double control_root[kRoot];
  };

  struct RootTerms {
    double energy, gradient[kRoot], hessian[kRoot * kRoot];
  };

  void place(const StandingCase& one, const double* values);
  double springs(const StandingCase& one, const double* values, double* gradient, double* hessian);
  double add_pads(const StandingCase& one, StandingTerms& out);
  void add_pairs(double weight, const double* pull, bool with_control, StandingTerms& out);
  void add_control(const StandingCase& one, StandingTerms& out);
  void hold(const StandingCase& one, const double* values);
  void evaluate_root(const StandingCase& one, const double* root, RootTerms& out);
  bool bear(const StandingCase& one, double* values);
  bool reduce(const StandingTerms& terms, Reduced& out, bool is_held = true);
  void balance(const StandingCase& one, double* values, double* multipliers, StandingRest& rest, StandingTerms& terms);
  bool balancing_step(const StandingCase& one, const double* values, const StandingTerms& terms,
                      const double* multipliers, const std::vector<double>& left, std::vector<double>& step);
  void add_bend_of_root(const StandingCase& one, const double* values, Reduced& reduced);
  void add_reduced(const double* matrix, const double* root_by_joint, double factor, double* out);
  bool is_rest(const StandingTerms& terms, const Reduced& reduced) const;
  void end(const StandingCase& one, const double* values, const StandingTerms& terms, Reduced& reduced,
           Index iterations, StandingRest& rest);
  void descend(const StandingCase& one, const double* start, int most, StandingRest& rest, StandingTerms& terms);
  void follow(const StandingCase& one, bool is_balanced, StandingRest& rest, StandingTerms& terms);
  bool ahead(const StandingCase& before, const StandingCase& felt, double* values);
  bool trusted_step(const double* hessian, const double* gradient, Index count, double radius, double* step);
  bool factorize(const double* matrix, Index count, double shift);
  void substitute(Index count, double* x) const;
  double smallest_eigenvalue(std::vector<double>& matrix, Index count);

  const StandingBody& body_;
  Index free_, joints_;
  double mass_ = 0.0;
  std::vector<double> local_, share_;  // centres of the segments in their nodes
  std::vector<double> inputs_, factor_, shifted_, straight_, held_, diagonal_, beside_;
  std::vector<Jet> q_, node_;
  std::vector<Frame> frames_;
  std::vector<Motion> motions_;
  std::vector<Sums> sums_;
  std::vector<double> by_centre_;
  std::vector<double> held_pads_;
  double held_centre_[3], root_moment_[kRoot];
  StandingTerms ahead_, behind_, there_;
  Reduced reduced_, after_;
};

}  // namespace kinechain
