#include "kvstate/backend_registry.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/version.h"
#include "tests/support/status_testing.h"

namespace kvstate {
namespace {

class NamedFactory final : public BackendFactory {
 public:
  explicit NamedFactory(std::string name) : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  std::string_view description() const override { return "makes nothing"; }
  bool needs_directory() const override { return false; }
  std::vector<EngineOption> options() const override { return {}; }
  Result<std::unique_ptr<KeyedStateBackend>> Create(const BackendOptions&) const override {
    return UnavailableError("'" + name_ + "' makes nothing");
  }

 private:
  std::string name_;
};

TEST(BackendRegistryTest, FindsByNameAndKeepsTheOrderOfRegistration) {
  BackendRegistry registry;
  EXPECT_TRUE(registry.Names().empty());
  ASSERT_OK(registry.Register(std::make_unique<NamedFactory>("zebra")));
  ASSERT_OK(registry.Register(std::make_unique<NamedFactory>("ant")));
  EXPECT_EQ(registry.Names(), (std::vector<std::string>{"zebra", "ant"}));
  ASSERT_OK_AND_ASSIGN(const BackendFactory* found, registry.Find("ant"));
  EXPECT_EQ(found->name(), "ant");
  const BackendRegistry moved = std::move(registry);
  ASSERT_OK_AND_ASSIGN(const BackendFactory* still, moved.Find("ant"));
  EXPECT_EQ(still, found) << "a factory lives where it was made";
}

TEST(BackendRegistryTest, AnUnknownNameListsTheNamesThereAre) {
  BackendRegistry registry;
  ASSERT_OK(registry.Register(std::make_unique<NamedFactory>("zebra")));
  ASSERT_OK(registry.Register(std::make_unique<NamedFactory>("ant")));
  for (const Status& status : {registry.Find("bee").status(), registry.Create("bee", {}).status()}) {
    EXPECT_CODE(status, kInvalidArgument);
    EXPECT_MENTIONS(status, "'bee'");
    EXPECT_MENTIONS(status, "zebra, ant");
  }
}

TEST(BackendRegistryTest, ANameIsTakenOnce) {
  BackendRegistry registry;
  ASSERT_OK(registry.Register(std::make_unique<NamedFactory>("ant")));
  EXPECT_CODE(registry.Register(std::make_unique<NamedFactory>("ant")), kAlreadyExists);
  EXPECT_EQ(registry.Names().size(), 1u);
}

TEST(BackendRegistryTest, CreateHandsOnWhatTheFactorySays) {
  BackendRegistry registry;
  ASSERT_OK(registry.Register(std::make_unique<NamedFactory>("ant")));
  EXPECT_CODE(registry.Create("ant", {}), kUnavailable);
}

TEST(VersionTest, TheLibraryIsOfTheHeadersVersion) {
  EXPECT_EQ(LibraryVersion(), KVSTATE_VERSION);
  EXPECT_EQ(LibraryVersion(), KVSTATE_VERSION_MAJOR * 1000000 + KVSTATE_VERSION_MINOR * 1000 + KVSTATE_VERSION_PATCH);
  EXPECT_EQ(std::string(LibraryVersionString()), std::to_string(KVSTATE_VERSION_MAJOR) + "." +
                                                     std::to_string(KVSTATE_VERSION_MINOR) + "." +
                                                     std::to_string(KVSTATE_VERSION_PATCH));
}

TEST(ClockTest, AManualClockMovesWhenToldTo) {
  ManualClock clock(5);
  EXPECT_EQ(clock.NowMillis(), 5);
  clock.AdvanceMillis(10);
  EXPECT_EQ(clock.NowMillis(), 15);
  clock.SetMillis(-1);
  EXPECT_EQ(clock.NowMillis(), -1);
}

TEST(ClockTest, TheSystemClockCountsMillisecondsSince1970) {
  EXPECT_GT(SystemClock().NowMillis(), 1600000000000) << "later than 2020";
  EXPECT_LT(SystemClock().NowMillis(), 4102444800000) << "earlier than 2100";
}

}  // namespace
}  // namespace kvstate
