#ifndef KVSTATE_TESTS_MODEL_GENERATORS_H_
#define KVSTATE_TESTS_MODEL_GENERATORS_H_

#include <rapidcheck.h>

#include <ostream>

#include "tests/model/program.h"

namespace rc {

template <>
struct Arbitrary<kvstate::model::Step> {
  static Gen<kvstate::model::Step> arbitrary() {
    using kvstate::model::Step;
    using kvstate::model::Verb;
    // Writes are the bulk, so that there is something to walk over; what ends everything is rare.
    const auto verb = gen::weightedElement<Verb>(
        {{4, Verb::kGet},         {8, Verb::kWrite},        {2, Verb::kWriteNull},    {10, Verb::kAdd},
         {4, Verb::kAddAll},      {2, Verb::kClear},        {3, Verb::kRemove},       {3, Verb::kMove},
         {4, Verb::kMerge},       {3, Verb::kPutBytes},     {3, Verb::kAddBytes},     {3, Verb::kOpenWalk},
         {8, Verb::kStepWalk},    {3, Verb::kRemoveAtWalk}, {3, Verb::kSetAtWalk},    {2, Verb::kOpenKeys},
         {5, Verb::kStepKeys},    {2, Verb::kOpenVisitor},  {5, Verb::kStepVisitor},  {1, Verb::kApplyToAllKeys},
         {1, Verb::kRemoveState}, {1, Verb::kFlush},        {1, Verb::kCheckAll},     {1, Verb::kBeginSnapshot},
         {1, Verb::kEndSnapshot}, {1, Verb::kRestore},      {4, Verb::kAdvanceClock}, {1, Verb::kTurnClockBack},
         {1, Verb::kSweep},       {3, Verb::kAddTimer},     {1, Verb::kRemoveTimer},  {1, Verb::kPollTimers}});
    return gen::build<Step>(gen::set(&Step::verb, verb), gen::set(&Step::state, gen::inRange<uint8_t>(0, 10)),
                            gen::set(&Step::key, gen::inRange<uint8_t>(0, 6)),
                            gen::set(&Step::state_namespace, gen::inRange<uint8_t>(0, 4)),
                            gen::set(&Step::user_key, gen::inRange<uint8_t>(0, 9)),
                            gen::set(&Step::n, gen::inRange<uint8_t>(0, 255)));
  }
};

template <>
struct Arbitrary<kvstate::model::Program> {
  static Gen<kvstate::model::Program> arbitrary() {
    using kvstate::model::Program;
    return gen::build<Program>(
        gen::set(&Program::raw_keys), gen::set(&Program::max_parallelism, gen::element<uint32_t>(1, 128, 32768)),
        gen::set(&Program::ttl, gen::container<std::vector<uint8_t>>(gen::weightedOneOf<uint8_t>(
                                    {{1, gen::just(uint8_t{0})}, {1, gen::inRange<uint8_t>(0, 48)}}))),
        gen::set(&Program::steps));
  }
};

}  // namespace rc

#endif  // KVSTATE_TESTS_MODEL_GENERATORS_H_
