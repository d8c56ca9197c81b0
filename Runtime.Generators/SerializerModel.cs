namespace EsoCore.Runtime.Generators;

/// <summary>What is to be generated for one message type.</summary>
/// <param name="FullName">The type as code names it; generic ones with the names of their parameters.</param>
/// <param name="OpenName">The type as typeof wants it: <c>Page&lt;&gt;</c> for generic ones.</param>
/// <param name="CodecName">The class to be generated.</param>
/// <param name="TypeParameters"><c>&lt;T&gt;</c>, or nothing.</param>
/// <param name="Constraints">The constraints of the parameters.</param>
/// <param name="Alias">The name between processes.</param>
/// <param name="IsStruct">Whether it is a struct.</param>
/// <param name="IsAbstract">Whether only derived types have values.</param>
/// <param name="Members">The members, those of bases first.</param>
/// <param name="ConstructorArguments">Indexes into the members, in the order of the constructor's parameters.</param>
internal sealed record SerializerModel(
    string FullName,
    string OpenName,
    string CodecName,
    string TypeParameters,
    string Constraints,
    string Alias,
    bool IsStruct,
    bool IsAbstract,
    EquatableList<MemberModel> Members,
    EquatableList<int> ConstructorArguments,
    EquatableList<ProblemModel> Problems);

/// <summary>One member. <see cref="IsSet"/>: it is assigned, not passed to the constructor.</summary>
internal sealed record MemberModel(string Name, string Type, uint Id, bool IsSet);
