namespace EsoCore.Runtime;

/// <summary>Anything that has a grain's address: a grain or a reference to one.</summary>
public interface IAddressable;

/// <summary>
/// The base of all grain interfaces. Methods return <see cref="Task"/>, <see cref="Task{T}"/>, <see cref="ValueTask"/> or <see
/// cref="ValueTask{T}"/>;
/// there are no properties, events, generic methods or by-reference parameters. Arguments and results are shared with the callee, not
/// copied, so they must be immutable.
/// </summary>
public interface IGrain : IAddressable;

/// <summary>A grain whose key is a string.</summary>
public interface IGrainWithStringKey : IGrain;

/// <summary>A grain whose key is a <see cref="Guid"/>.</summary>
public interface IGrainWithGuidKey : IGrain;

/// <summary>A grain whose key is a 64-bit integer.</summary>
public interface IGrainWithIntegerKey : IGrain;
