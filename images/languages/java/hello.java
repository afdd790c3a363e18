public class Main {
    public static void main(String[] args) throws InterruptedException {
        System.out.println("Hello, world!");
        System.out.println("This is Java " + Runtime.version().feature() + ", live from a fresh container.");

        for (int number = 3; number > 0; number--) {
            System.out.print(number + "... ");
            Thread.sleep(200);
        }
        System.out.println("go: change me and press Run.");
    }
}
