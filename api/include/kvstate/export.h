#ifndef KVSTATE_EXPORT_H_
#define KVSTATE_EXPORT_H_

/// Everything else in the shared library is hidden; a class or function that clients may use carries this.
#if defined(__GNUC__)
#define KVSTATE_EXPORT [[gnu::visibility("default")]]
#else
#define KVSTATE_EXPORT
#endif

#endif  // KVSTATE_EXPORT_H_
