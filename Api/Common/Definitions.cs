namespace EsoCore.Api;

/// <summary>What the routes of the things that people define (sites, rules, policies, …) do alike.</summary>
internal static class Definitions
{
    /// <summary>A version that nothing has: an edit that builds on it tells what is wrong with its content, and is never written.</summary>
    public const long NoVersion = -1;

    /// <summary>The id of a document to be checked that has none yet.</summary>
    public static readonly string NoId = Guid.Empty.ToString("D");

    /// <summary>How often a change without If-Match is built on what stands by then, when another was written in between.</summary>
    public const int MaxChangeAttempts = 8;

    /// <summary>Creates one from the body; its id is minted when absent.</summary>
    /// <param name="read">Reads the form.</param>
    /// <param name="put">Creates it under that id.</param>
    /// <param name="idFault">What else is wrong with an id, or null.</param>
    /// <param name="check">What is wrong with the content, asked where the form has faults already, so that all are told at once.</param>
    public static async Task<IResult> Create<TEdit>(
        HttpContext http, Func<JsonForm, TEdit> read, Func<string, TEdit, Task<IResult>> put, Func<string, string?>? idFault = null,
        Func<TEdit, Task<ImmutableArray<FieldError>>>? check = null)
    {
        var (form, unread) = await Answers.ReadForm(http);
        if (form is null)
            return unread!;
        var id = form.Text("id", Ids.MaxLength) ?? Guid.NewGuid().ToString("D");
        if ((Ids.Fault(id) ?? idFault?.Invoke(id)) is { } fault)
            form.Fault("id", fault);
        var edit = read(form);
        return form.Faults is { Length: > 0 } faults ? await Faulty(faults, check is null ? null : () => check(edit)) : await put(id, edit);
    }

    /// <summary>Changes one by the body: what is absent stays.</summary>
    /// <param name="get">As it stands, or null when there is none.</param>
    /// <param name="what">What it is, in a word.</param>
    /// <param name="read">Reads the form over what stands.</param>
    /// <param name="put">
    /// Writes it if a version stands. Without If-Match that is what was read here, so that two changes at once cannot undo each other: the
    /// one that comes second is read over the first, at most <see cref="MaxChangeAttempts"/> times.
    /// </param>
    /// <param name="answer">How it ended.</param>
    /// <param name="check">As of <see cref="Create"/>.</param>
    public static async Task<IResult> Change<T, TEdit>(
        HttpContext http, Func<Task<Versioned<T>?>> get, string what, Func<JsonForm, T, TEdit> read,
        Func<TEdit, long, Task<EditResult<T>>> put, Func<EditResult<T>, IResult> answer,
        Func<TEdit, Task<ImmutableArray<FieldError>>>? check = null)
    {
        if (await get() is not { } found)
            return Problems.NotFound(what);
        var (form, unread) = await Answers.ReadForm(http);
        if (form is null)
            return unread!;
        var named = ETags.IfMatch(http.Request);
        for (var attempt = 1; ; attempt++)
        {
            var edit = read(form, found.Value);
            if (form.Faults is { Length: > 0 } faults)
                return await Faulty(faults, check is null ? null : () => check(edit));
            var result = await put(edit, named ?? found.Version);
            if (result.Outcome != EditOutcome.VersionMismatch || named is not null || attempt == MaxChangeAttempts)
                return answer(result);
            if (await get() is not { } current)
                return Problems.NotFound(what);
            found = current;
        }
    }

    /// <summary>
    /// Tells the faults of a form together with those of its content. A field that could not be read stands there as if it were absent:
    /// what is wrong with that was not said by the caller.
    /// </summary>
    /// <param name="faults">Those of the form.</param>
    /// <param name="check">What is wrong with the content.</param>
    public static async Task<IResult> Faulty(ImmutableArray<FieldError> faults, Func<Task<ImmutableArray<FieldError>>>? check)
    {
        var further = check is null ? [] : await check();
        return Problems.Faulty([.. faults, .. further.Where(error => !faults.Any(fault => Hides(fault.Field, error.Field)))]);
    }

    /// <summary>Of a list with an item that could not be read, the others have moved up: what is said of them would name the wrong ones.</summary>
    private static bool Hides(string fault, string field)
    {
        var hidden = fault.IndexOf('[') is >= 0 and var list ? fault[..list] : fault;
        return field.StartsWith(hidden, StringComparison.Ordinal) && (field.Length == hidden.Length || field[hidden.Length] is '.' or '[');
    }

    /// <summary>A page of a list that is asked for by nothing else.</summary>
    public static async Task<IResult> List<T>(HttpContext http, Func<PageRequest, Task<Page<T>>> read, Func<IEnumerable<T>, object> toBody)
    {
        var query = new QueryReader(http.Request.Query);
        var page = query.Page();
        return query.Problem() is { } faulty ? faulty : await Answers.Page(http, () => read(page), list => toBody(list.Items));
    }
}
