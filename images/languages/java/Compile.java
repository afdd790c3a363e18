import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TaskEvent;
import com.sun.source.util.TaskListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.ForwardingJavaFileObject;
import javax.tools.JavaFileObject;
import javax.tools.ToolProvider;

/**
 * Compiles a visitor's files into {@code .classes} and writes {@code .classes/start}, the arguments with which
 * {@code java} starts the program. Unlike javac it lets a public class be called otherwise than its file, and
 * it finds out which class to start: the first one in the first file that has a method called main.
 */
public final class Compile {
    private static final Path CLASSES = Path.of(".classes");

    /** A source file in which any class may stand. */
    private static final class Source extends ForwardingJavaFileObject<JavaFileObject> {
        Source(JavaFileObject file) {
            super(file);
        }

        @Override
        public boolean isNameCompatible(String simpleName, Kind kind) {
            var information = simpleName.equals("package-info") || simpleName.equals("module-info");
            return information ? super.isNameCompatible(simpleName, kind) : kind == Kind.SOURCE;
        }
    }

    /** The parsed files, in the order in which they were given. */
    private static final class Units implements TaskListener {
        final List<CompilationUnitTree> parsed = new ArrayList<>();

        @Override
        public void finished(TaskEvent event) {
            if (event.getKind() == TaskEvent.Kind.PARSE) {
                parsed.add(event.getCompilationUnit());
            }
        }
    }

    public static void main(String[] paths) throws IOException {
        var compiler = ToolProvider.getSystemJavaCompiler();
        var units = new Units();
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            Files.createDirectories(CLASSES);
            var sources = new ArrayList<Source>();
            for (var file : files.getJavaFileObjects(paths)) {
                sources.add(new Source(file));
            }
            var options = List.of("-d", CLASSES.toString(), "-proc:none", "-implicit:none");
            var messages = new PrintWriter(System.err, true);
            var task = (JavacTask) compiler.getTask(messages, files, null, options, null, sources);
            task.addTaskListener(units);
            if (!task.call()) {
                System.exit(1);
            }
        }
        Files.writeString(CLASSES.resolve("start"), "-cp .classes:. " + startClass(units.parsed) + "\n");
    }

    private static String startClass(List<CompilationUnitTree> units) {
        String first = null;
        for (var unit : units) {
            for (var type : unit.getTypeDecls()) {
                if (!(type instanceof ClassTree declared)) {
                    continue;
                }
                var name = unit.getPackageName() == null
                        ? declared.getSimpleName().toString()
                        : unit.getPackageName() + "." + declared.getSimpleName();
                if (declared.getMembers().stream().anyMatch(Compile::isMain)) {
                    return name;
                }
                first = first == null ? name : first;
            }
        }
        return first == null ? "Main" : first;
    }

    private static boolean isMain(Tree member) {
        return member instanceof MethodTree method && method.getName().contentEquals("main");
    }
}
